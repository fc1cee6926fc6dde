/* links: ; libs: */
/*
 * unkillable: where it is installed set-user-ID root, a process that whoever
 * started it may not kill.
 *
 * usage: unkillable PID-FILE FIFO
 *
 * Writes its pid to the first and ends when somebody opens the second to write
 * to it, or after two minutes, so that nothing stays for ever.  Exit status 77:
 * it is not root.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LIFE 120 /* seconds */

int
main(int argc, char *argv[])
{
	FILE *file;
	int fifo;

	if (argc != 3)
		errx(64, "usage: unkillable PID-FILE FIFO");
	if (setgid(0) == -1 || setuid(0) == -1)
		return 77;
	alarm(LIFE);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	file = fopen(argv[1], "w");
	if (file == NULL || fprintf(file, "%d\n", (int)getpid()) < 0 ||
	    fclose(file) == EOF)
		err(1, "%s", argv[1]);
	fifo = open(argv[2], O_RDONLY);
	if (fifo != -1)
		return close(fifo) == -1;
	err(1, "%s", argv[2]);
}
