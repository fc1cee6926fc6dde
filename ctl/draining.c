/*
 * draining: waits, across restarts of the daemon, for callouts to end, with a
 * count of them that goes down.
 */
#include "ctl/draining.h"

#include <inttypes.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/follow.h"

static void show(uint64_t callouts);
static void erase(void);

/* The subscription comes first, so that the last ending is not missed. */
int
draining_wait(struct ctl *ctl, draining_look *look, void *ctx)
{
	static const char *const types[] = {
	    "engine.status", "execution.*", "task.attempt_ended"};
	struct follow f = {.ctl = ctl, .types = types, .ntypes = 3};
	bool live = isatty(STDERR_FILENO), is_over = false;
	uint64_t callouts = 0;
	int status = follow_start(&f);

	if (status != 0)
		return status;
	for (;;) {
		/* What it finds over it tells, on a line of its own. */
		if (live)
			erase();
		status = look(ctl, ctx, &callouts, &is_over);
		if (status != 0 || is_over)
			break;
		if (live)
			show(callouts);
		switch (follow_wait(&f, -1)) {
		case FOLLOW_EVENTS:
		case FOLLOW_TIMEOUT:
			continue;
		case FOLLOW_INTERRUPTED:
			status = EX_TEMPFAIL;
			break;
		case FOLLOW_LOST:
			status = EX_UNAVAILABLE;
			break;
		}
		break;
	}
	if (live)
		erase();
	follow_end();
	if (status == EX_TEMPFAIL)
		fprintf(
		    stderr, "weirctl: no longer waiting; the pause goes on\n");
	return status;
}

static void
show(uint64_t callouts)
{
	fprintf(stderr, "waiting for %" PRIu64 " callout%s to end", callouts,
	    callouts == 1 ? "" : "s");
}

static void
erase(void)
{
	fputs("\r\033[K", stderr);
}
