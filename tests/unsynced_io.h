/*
 * unsynced_io: a journal's system calls as the system has them, but without
 * waiting for a disk.
 */
#ifndef WEIR_UNSYNCED_IO_H
#define WEIR_UNSYNCED_IO_H

#include "daemon/journal.h"

extern const struct journal_io unsynced_io;

#endif
