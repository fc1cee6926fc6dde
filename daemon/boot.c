/* boot: which start of the machine this is. */

#include "daemon/boot.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static uint32_t boot(void);

/*
 * The first digits of what Linux makes up by chance at each start; 0 where
 * there is no such thing.
 */
static uint32_t
boot(void)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	uint32_t half = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%8" SCNx32, &half) != 1)
		half = 0;
	fclose(f);
	return half;
}

uint64_t
boot_runner_id(void)
{
	uint32_t chance;

	/* Not arc4random: libbsd's ends the process where it has no memory. */
	if (getentropy(&chance, sizeof(chance)) == -1)
		err(EX_OSERR, "getentropy");
	return (uint64_t)boot() << 32 | chance;
}

bool
boot_is_over(uint64_t runner)
{
	uint32_t then = (uint32_t)(runner >> 32), now = boot();

	return then != 0 && now != 0 && then != now;
}
