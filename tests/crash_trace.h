/*
 * crash_trace: what commands have written down of themselves, in the order in
 * which they did.  Each appends "b EXECUTION.TASK.ITEM.ATTEMPT PID" as it
 * begins and "e EXECUTION.TASK.ITEM.ATTEMPT STATUS" as it ends with that.
 */
#ifndef WEIR_TESTS_CRASH_TRACE_H
#define WEIR_TESTS_CRASH_TRACE_H

#include <stdint.h>
#include <stdio.h>

#define TRACE_BUCKETS 16384

/* A command that writes its trace, ends as WEIR_ATTEMPT and $$ have it. */
#define TRACE_BEGIN                                               \
	"K=$WEIR_EXECUTION.$WEIR_TASK.$WEIR_ITEM.$WEIR_ATTEMPT; " \
	"echo b $K $$ >>$T; "
#define TRACE_END(status) "s=" status "; echo e $K $s >>$T; exit $s"

struct trace_line {
	struct trace_line *next;
	char key[96];
	unsigned begins; /* how often */
	unsigned ends;
	uint64_t begun_at; /* number of the line; 0: none */
	uint64_t ended_at;
	int status;
};

struct trace {
	const char *path;
	long offset; /* of what is not read yet */
	uint64_t lines;
	struct trace_line *buckets[TRACE_BUCKETS];
};

/* Reads what has been written since; the test fails for half a line. */
void trace_read(struct trace *);
/* NULL: it has not begun. */
const struct trace_line *trace_find(const struct trace *, const char *key);
/* Fails the test where an attempt ran twice. */
void trace_check_once(const struct trace *);
void trace_free(struct trace *);

#endif
