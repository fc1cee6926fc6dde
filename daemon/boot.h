/*
 * boot: which start of the machine this is, so that nothing of an earlier one
 * is taken for something that runs.
 */
#ifndef WEIR_BOOT_H
#define WEIR_BOOT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The id of a new runner: the upper half is this boot's, the lower by chance.
 * As the intent to start an attempt names its runner, it names the boot too.
 */
uint64_t boot_runner_id(void);
/* Made before the machine was started; false where that can't be known. */
bool boot_is_over(uint64_t runner);

#endif
