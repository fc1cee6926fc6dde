/*
 * nesting: three levels of workflows in a scene, their callouts, and the
 * tables of what became of them, held to those in golden/nesting.
 *
 * With WEIR_GOLDEN=write they are written anew; read them before they are kept.
 */
#ifndef WEIR_TESTS_NESTING_H
#define WEIR_TESTS_NESTING_H

#include "tests/scene.h"

#define NESTING_STEPS 12

struct nesting {
	struct scene scene;
	/* "low.p", "low.p.y": these callouts fail, with that input only; "*":
	 * all do; NULL: none does. */
	const char *broken;
	/* "3p 1w": these are not ended by nesting_run; NULL: none. */
	const char *stuck;
	bool deepest_first;	  /* the order in which callouts end */
	uint32_t counts[64][128]; /* callouts so far, by execution and letter */
	char *ran;		  /* those of this step */
	size_t ran_size;
	FILE *ran_file;
	const char *titles[NESTING_STEPS];
	char *steps[NESTING_STEPS];
	size_t nsteps;
	char notes[2048]; /* for this step */
};

void nesting_begin(struct nesting *);
/* Defines tests/nesting/FILE.json; another: as the next version. */
void nesting_define(struct nesting *, const char *file, bool another);
/* top, mid and low; and starts execution 1. */
void nesting_start(struct nesting *, const char *mid);
/* A command that may be refused: that is a note then. */
bool nesting_ask(struct nesting *, const struct command *);
#define ASK(type_, id_, ...)         \
	nesting_ask(n,               \
	    &(const struct command){ \
		.type = COMMAND_##type_, .execution = (id_), __VA_ARGS__})
/* Ends callouts, and those that they lead to, until none is left. */
void nesting_run(struct nesting *);
/* Ends one of them: of that execution, by the letter of its task. */
void nesting_end_one(struct nesting *, uint64_t execution, char letter);
/* All there is becomes a column with that title. */
void nesting_step(struct nesting *, const char *title);
/* The table as text; the caller frees it.  Ends the nesting. */
char *nesting_close(struct nesting *);
/* Fails the test, not at once, where golden/nesting/NAME is another text. */
void nesting_golden(const char *name, const char *text);

#endif
