/* options: weird's command line */

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/options.h"

static char *absolute(const char *);
static void set_path(char **, const char *);
static _Noreturn void usage(void);

void
options_parse(struct options *options, int argc, char **argv)
{
	int option;

	memset(options, 0, sizeof(*options));
	while ((option = getopt(argc, argv, "c:d:fNns:TVv")) != -1) {
		switch (option) {
		case 'c':
			set_path(&options->config, optarg);
			break;
		case 'd':
			set_path(&options->state_dir, optarg);
			break;
		case 'f':
			options->foreground = true;
			break;
		case 'N':
			options->check = options->check_config = true;
			break;
		case 'n':
			options->check = true;
			break;
		case 's':
			set_path(&options->socket, optarg);
			break;
		case 'T':
			options->tables = true;
			break;
		case 'V':
			options->version = true;
			break;
		case 'v':
			options->verbose = true;
			break;
		default:
			usage();
		}
	}
	if (options->tables && optind + 1 == argc &&
	    strcmp(argv[optind], "mdoc") == 0) {
		options->mdoc = true;
		optind++;
	}
	if (optind < argc) {
		warnx("\"%s\": weird takes options alone", argv[optind]);
		usage();
	}
}

void
options_free(struct options *options)
{
	free(options->config);
	free(options->socket);
	free(options->state_dir);
}

/* Given twice, the last one counts. */
static void
set_path(char **path, const char *given)
{
	free(*path);
	*path = absolute(given);
}

/* In the background weird is in another directory. */
static char *
absolute(const char *path)
{
	char here[PATH_MAX];

	if (*path == '\0')
		errx(EX_USAGE, "an option's path is empty");
	if (*path == '/')
		return xstrdup(path);
	if (getcwd(here, sizeof(here)) == NULL)
		err(EX_OSERR, "the working directory");
	return xasprintf("%s/%s", here, path);
}

static _Noreturn void
usage(void)
{
	fprintf(stderr,
	    "usage: weird [-fNnv] [-c file] [-d directory] [-s socket]\n"
	    "       weird -T [mdoc] | -V\n");
	exit(EX_USAGE);
}
