/*
 * daemon_race: two things that happen at once to a real daemon, again and
 * again, each time to end in one of the ways written down.
 */
#ifndef WEIR_TESTS_DAEMON_RACE_H
#define WEIR_TESTS_DAEMON_RACE_H

#include <stdbool.h>

#define RACE_WAYS 7
#define RACE_GATES 3

/* Who came first, as far as the outcome tells. */
enum race_first { RACE_EITHER, RACE_REQUEST, RACE_OTHER };

/*
 * A callout with GATE(n) in it stands at the execution's nth gate until the
 * gate is opened with its exit status.  In requests # is the execution's id,
 * and in definitions and requests ' stands for ".
 */
struct race {
	const char *definitions[2]; /* the second is the one started */
	unsigned gates;	    /* so many callouts stand at a gate at first */
	const char *first;  /* gates to open first, as "1=0 2=1" */
	const char *until;  /* and the status to wait for then */
	const char *setup;  /* a request, to be granted */
	const char *opens;  /* the gates that are opened in the race */
	long delay;	    /* microseconds that the other side takes */
	const char *ask[2]; /* the requests in the race, in one write */
	bool apart;	    /* each on a connection of its own */
	bool turns;	    /* the second one first, every other time */
	const char *after;  /* gates to open after the answers */
	bool engine;	    /* at rest is when the engine is PAUSED */
	const char *finish; /* a request that lets go what is held */
	struct {
		const char *text;
		enum race_first first;
	} ways[RACE_WAYS];
};

#define GATE(n)                                                                \
	"'run': ['sh', '-c', 'read x <$0; exit $x', '${{ input.gate }}" #n "'" \
	"]"
#define GATED(name) \
	"'workflow': '" name "', 'input': {'gate': {'type': 'string'}}"

/*
 * Runs it many times with a daemon of its own, kills that in the end and holds
 * what the next one knows to what it knew.  Prints how often it ended how.
 */
void race_run(const struct race *);

#endif
