/* links: ; libs: */
/*
 * unkillable: where it is installed set-user-ID root, a process that whoever
 * started it may not kill.
 *
 * usage: unkillable PID-FILE END-FILE
 *
 * Writes its pid to the first and ends when the second is there, or after two
 * minutes, so that nothing stays for ever.  Exit status 77: it is not root.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOKS (120 * 20)

int
main(int argc, char *argv[])
{
	static const struct timespec look = {0, 50000000};
	FILE *file;

	if (argc != 3)
		errx(64, "usage: unkillable PID-FILE END-FILE");
	if (setgid(0) == -1 || setuid(0) == -1)
		return 77;
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	file = fopen(argv[1], "w");
	if (file == NULL)
		err(1, "%s", argv[1]);
	fprintf(file, "%d\n", (int)getpid());
	fclose(file);
	for (int i = 0; i < LOOKS && access(argv[2], F_OK) == -1; i++)
		nanosleep(&look, NULL);
	return 0;
}
