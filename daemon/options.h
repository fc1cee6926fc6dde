/*
 * options: what weird's command line says.
 */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

#include <stdbool.h>

/* Paths are absolute; NULL: not given. */
struct options {
	char *config;
	char *socket;
	char *state_dir;
	bool foreground;
	bool check;	   /* configuration and journal, and nothing else */
	bool check_config; /* with check: not the journal */
	bool tables;	   /* print the lifecycle tables, and nothing else */
	bool mdoc;	   /* as the manual has them */
	bool version;
	bool verbose; /* log what is for debugging too */
};

/* Ends the process with EX_USAGE when they are wrong. */
void options_parse(struct options *, int, char **);
void options_free(struct options *);

#endif
