/*
 * scratch_peer: a client of the scratch daemon that is a process of another
 * user's.
 */
#ifndef WEIR_TESTS_SCRATCH_PEER_H
#define WEIR_TESTS_SCRATCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scratch_peer;

struct scratch_answer {
	int error;	/* 0, or a code; negative: of weir_call */
	int failed;	/* the code of the first that is listed as failed */
	char text[512]; /* of an error */
	size_t size;
	char bytes[256 * 1024]; /* the result, or an error's details */
};

/* With that user, group, and no other groups.  Ends with the test. */
struct scratch_peer *scratch_peer_new(uid_t, gid_t);
/* Each request has a connection of its own, unless they are to share one. */
void scratch_peer_keep(struct scratch_peer *, bool);
/* The parameters are JSON with ' for ". */
void scratch_peer_ask(struct scratch_peer *, struct scratch_answer *,
    const char *method, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What stands under "a.b"; 0 where there is no number. */
uint64_t scratch_answer_number(const struct scratch_answer *, const char *path);
/* Whether the text is anywhere in it. */
bool scratch_answer_has(const struct scratch_answer *, const char *text);

/*
 * Goes to a directory that others can reach, with copies of the programs, which
 * are used from then on; it is removed with the test.  It belongs to the user.
 */
void scratch_peer_directory(uid_t);

#endif
