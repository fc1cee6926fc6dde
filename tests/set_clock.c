/* links: ; libs: */
/*
 * set_clock: makes or changes the file that clock_shim.so goes by.
 * usage: set_clock FILE wall|slept SECONDS
 */

#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/clock_plan.h"

int
main(int argc, char *argv[])
{
	struct clock_plan *plan;
	int64_t ns;
	int fd;

	if (argc != 4)
		errx(2, "usage: set_clock FILE wall|slept SECONDS");
	fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		err(1, "%s", argv[1]);
	if (ftruncate(fd, sizeof(*plan)) == -1)
		err(1, "%s", argv[1]);
	plan = mmap(
	    NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED)
		err(1, "%s", argv[1]);
	close(fd);
	ns = strtoll(argv[3], NULL, 10) * 1000000000;
	__atomic_store_n(
	    strcmp(argv[2], "wall") == 0 ? &plan->wall : &plan->slept, ns,
	    __ATOMIC_SEQ_CST);
	munmap(plan, sizeof(*plan));
	return 0;
}
