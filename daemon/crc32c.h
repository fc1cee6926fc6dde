/* crc32c: the CRC with Castagnoli's polynomial (iSCSI's, ext4's). */
#ifndef WEIR_CRC32C_H
#define WEIR_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on from crc, which is 0 at the start:
 * crc32c(crc32c(0, a), b) is that of a and b joined.  Uses the processor's
 * instruction where it has one.
 */
uint32_t crc32c(uint32_t crc, const void *, size_t);
/* The same by table, on any processor. */
uint32_t crc32c_by_table(uint32_t crc, const void *, size_t);

#endif
