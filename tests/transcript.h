/*
 * transcript: talks to a daemon as a file of the directory golden says, and
 * writes down what was said.  Lines of such a file:
 *
 *	# a comment, kept as it is
 *	> METHOD {parameters as JSON with ' for "}	a request
 *	>> 94 00 01	bytes
 *	! METHOD ...	a request before whose answer no event comes
 *	~ 12	that many events are awaited, those that have come included
 *	< ...	what came, as JSON with its keys as they came; what differs
 *		from run to run is "*"
 *	<< 94 01 ...	what came for bytes
 *	<< closed	the daemon has ended the connection; > opens another
 */
#ifndef WEIR_TESTS_TRANSCRIPT_H
#define WEIR_TESTS_TRANSCRIPT_H

#include <stdio.h>

/* Ends the program when the file is wrong or the daemon is silent. */
void transcript_replay(const char *socket, FILE *script, FILE *out);

#endif
