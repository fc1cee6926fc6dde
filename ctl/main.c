/*
 * main: weirctl(8).
 */
#include <err.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "0"
#endif

static bool output_is_whole(void);
static int run_verb(const struct arguments *);

int
main(int argc, char **argv)
{
	struct arguments arguments;
	int status = 0;

	setlocale(LC_ALL, "");
	if (!arguments_parse(&arguments, argc, argv))
		status = EX_USAGE;
	else if (arguments.version)
		printf("weirctl %s\n", WEIR_VERSION);
	else if (arguments.help && arguments.verb != NULL)
		usage_print_verb(stdout, arguments.verb);
	else if (arguments.help)
		usage_print_all(stdout);
	else
		status = run_verb(&arguments);
	arguments_free(&arguments);
	return output_is_whole() ? status : EX_IOERR;
}

/* What failed to be written earlier is gone, and the last flush knows nothing.
 */
static bool
output_is_whole(void)
{
	if (fflush(stdout) != 0)
		warn("standard output");
	else if (ferror(stdout))
		warnx("standard output: not all of it could be written");
	else
		return true;
	return false;
}

static int
run_verb(const struct arguments *arguments)
{
	struct ctl ctl = {.arguments = arguments};
	int status;

	ctl.out = arguments->json ? writer_json(stdout) : writer_text(stdout);
	ctl.out->quiet = arguments->quiet;
	status = arguments->verb->run(&ctl, arguments);
	ctl_disconnect(&ctl);
	writer_free(ctl.out);
	return status;
}
