/* races: what the tests of races start and end. */

#include "tests/races.h"

#include <atf-c.h>
#include <signal.h>

void
define_family(struct scene *s)
{
	scene_define(s, AB);
	scene_define(s,
	    "{'workflow': 'top', 'tasks': {'s': {'workflow': 'ab', 'next': "
	    "[{'when': 'completed', 'do': 'z'}]}, 'q': {" CALL "}, 'z': {" CALL
	    "}}}");
}

void
killed(struct scene *s, uint64_t id, const char *task)
{
	struct callout_result result = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM};
	struct callout_key key;
	unsigned i;

	ATF_REQUIRE(scene_runs(s, id, task, EVENT_NONE, &i));
	key = s->running[i];
	scene_end_callout(s, &key, &result);
}
