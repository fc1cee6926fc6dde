/*
 * scene_case: test cases that play in a scene, and short words for what they
 * say.
 */
#ifndef WEIR_SCENE_CASE_H
#define WEIR_SCENE_CASE_H

#include <atf-c.h>
#include <string.h>

#include "tests/scene.h"

/* A case runs between scene_begin and scene_end, with a check at its end. */
#define SCENE_CASE(name, description)                        \
	static void name##_scene(struct scene *);            \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		struct scene scene;                          \
                                                             \
		scene_begin(&scene);                         \
		name##_scene(&scene);                        \
		scene_check(&scene);                         \
		scene_end(&scene);                           \
	}                                                    \
	static void name##_scene(struct scene *s)

#define STATUS(id, status) \
	ATF_REQUIRE_STREQ(execution_status_name(scene_status(s, id)), status)
#define TASK(id, task, status) \
	ATF_REQUIRE_STREQ(task_status_name(scene_task(s, id, task)), status)
#define RUNS(id, task) scene_runs(s, id, task, EVENT_NONE, NULL)
#define EXIT(id, task, status) scene_exit(s, id, task, EVENT_NONE, status, NULL)

#define REQUIRE_VALUE(v, json)                                            \
	do {                                                              \
		struct value *wanted_ = scene_value(json);                \
                                                                          \
		ATF_REQUIRE_MSG(value_equal(v, wanted_), "not %s", json); \
		value_unref(wanted_);                                     \
	} while (0)

#define REQUIRE_REASON(id, part)                                             \
	do {                                                                 \
		const char *reason_ = scene_execution(s, id)->k.reason;      \
                                                                             \
		ATF_REQUIRE_MSG(                                             \
		    reason_ != NULL && strstr(reason_, part) != NULL,        \
		    "the reason is %s", reason_ == NULL ? "none" : reason_); \
	} while (0)

#endif
