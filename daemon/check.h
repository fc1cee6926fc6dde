/*
 * check: weird -n: the configuration and the journal, looked at and left alone.
 */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "daemon/config.h"

/* Says what it finds in the journal; gives the exit status. */
int check_journal(const struct config *);

#endif
