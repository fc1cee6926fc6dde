/* scene_again: replay, restart, rerun and retry in a scene. */

#include "tests/scene_again.h"

#include <atf-c.h>

void
scene_rerun(struct scene *s, uint64_t id, const char *tasks,
    const char *no_reset, const char *task_input)
{
	struct command c = scene_command(COMMAND_RERUN_TASKS);

	c.execution = id;
	c.tasks = scene_value(tasks);
	c.no_reset = no_reset == NULL ? NULL : scene_value(no_reset);
	c.task_input = task_input == NULL ? NULL : scene_value(task_input);
	scene_do(s, &c);
	value_unref(c.tasks);
	value_unref(c.no_reset);
	value_unref(c.task_input);
}

void
scene_again(struct scene *s, enum command_type type, uint64_t id, bool flag)
{
	struct command c = scene_command(type);

	c.execution = id;
	c.latest = flag;
	c.resume_subworkflows = flag;
	scene_do(s, &c);
	ATF_REQUIRE_MSG(s->reply.error == ERROR_NONE, "%s", s->reply.message);
}

void
scene_requires_argv(
    struct scene *s, uint64_t id, const char *task, const char *argv)
{
	struct value *is, *wanted = scene_value(argv);
	unsigned i;

	ATF_REQUIRE_MSG(
	    scene_runs(s, id, task, EVENT_NONE, &i), "%s does not run", task);
	is = value_get(state_attempt(s->live, &s->running[i])->k.spec, "argv");
	ATF_REQUIRE_MSG(value_equal(is, wanted), "%s: not %s", task, argv);
	value_unref(is);
	value_unref(wanted);
}
