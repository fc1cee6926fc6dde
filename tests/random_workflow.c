/* random_workflow: definitions made by chance, for the simulation. */

#include "tests/random_workflow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char bytes[16384];
	size_t size;
};

static void
add(struct text *, const char *, ...) __attribute__((format(printf, 2, 3)));
static const char *pick(struct dice *, const char *const *, unsigned);
/* What a task is made to do: which other keys go with it. */
enum made { MADE_RUN, MADE_WAIT, MADE_SET, MADE_END };

static enum made add_action(struct text *, struct dice *, unsigned number);
static void add_callout(struct text *, struct dice *);
static void add_next(struct text *, struct dice *, unsigned task,
    unsigned ntasks, bool *reached);
static void add_task(struct text *, struct dice *, unsigned number,
    unsigned task, unsigned ntasks, bool *reached);

#define PICK(d, list) pick(d, list, sizeof(list) / sizeof((list)[0]))

unsigned
roll(struct dice *d, unsigned n)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->size += (size_t)vsnprintf(
	    t->bytes + t->size, sizeof(t->bytes) - t->size, fmt, ap);
	va_end(ap);
}

static const char *
pick(struct dice *d, const char *const *list, unsigned n)
{
	return list[roll(d, n)];
}

static void
add_callout(struct text *t, struct dice *d)
{
	static const char *const items[] = {"", "",
	    "'items': {'in': [1, 2, 3, 4], 'parallel': 2}, ",
	    "'items': [5, 6], ", "'items': '${{ vars.list }}', ",
	    "'items': '${{ {} }}', "};
	static const char *const retries[] = {"", "",
	    "'retry': {'count': 2, 'delay': '2s', 'jitter': '20%'}, ",
	    "'retry': {'count': 1}, 'fatal': [2], ",
	    ("'retry': {'count': 3, 'delay': '1s', 'backoff': 'exponential', "
	     "'when': 'task.exit ~= 3'}, ")};
	static const char *const timeouts[] = {"", "", "'timeout': '3s', ",
	    "'timeout': '2s', 'kill_after': '1s', "};
	static const char *const losts[] = {"", "'on_lost': 'ask', ",
	    "'on_lost': 'retry', ", "'on_lost': 'fail', "};

	const char *retry, *lost;

	/* One after the other: the same dice give the same workflow. */
	add(t, "%s", PICK(d, items));
	add(t, "%s", retry = PICK(d, retries));
	add(t, "%s", PICK(d, timeouts));
	lost = PICK(d, losts);
	/* To be tried again needs a retry, which says how often. */
	add(t, "%s", *retry == '\0' && lost == losts[2] ? losts[3] : lost);
	static const char *const costs[] = {
	    "", "", "'cost': '${{ 0.5 + vars.n }}', "};

	add(t, "%s", PICK(d, costs));
	if (roll(d, 8) == 0)
		add(t, "'domain': 'far', ");
	/* Some have no argv where n is 2. */
	add(t, "'output': 'json', 'run': ['x', '${{ %s }}']",
	    roll(d, 6) == 0 ? "1 // (vars.n - 2)" : "vars.n");
}

static enum made
add_action(struct text *t, struct dice *d, unsigned number)
{
	static const char *const waits[] = {"{'for': '2s'}", "{'signal': 's0'}",
	    "{'signal': 's1', 'timeout': '5s'}", "{'approval': 'Well?'}",
	    "{'approval': 'So?', 'timeout': '9s'}"};
	static const char *const ends[] = {"completed", "failed", "terminated"};

	switch (roll(d, 10)) {
	case 0:
		add(t, "'wait': %s", PICK(d, waits));
		return MADE_WAIT;
	case 1:
		add(t, "'set': {'n': '${{ vars.n + 1 }}'}");
		return MADE_SET;
	case 2:
		add(t, "'end': '%s', 'reason': 'by ${{ vars.n }}'",
		    PICK(d, ends));
		return MADE_END;
	case 3:
	case 4:
		if (number > 0) {
			if (roll(d, 3) == 0)
				add(t, "'items': [1, 2], ");
			add(t, "'workflow': 'w%u'", roll(d, number));
			add(t, ", 'input': {'n': %u}", roll(d, 3));
			if (roll(d, 8) == 0)
				add(t, ", 'detach': true");
			else if (roll(d, 4) == 0)
				add(t, ", 'timeout': '8s'");
			return MADE_RUN;
		}
		/* FALLTHROUGH */
	default:
		add_callout(t, d);
		return MADE_RUN;
	}
}

static void
add_next(struct text *t, struct dice *d, unsigned task, unsigned ntasks,
    bool *reached)
{
	static const char *const whens[] = {"completed", "completed", "failed",
	    "canceled", "always", "vars.n < 2", "task.output == 1",
	    "task.output.nothing.at.all"};
	unsigned entries = roll(d, 3), to;

	if (task + 1 >= ntasks || entries == 0)
		return;
	add(t, ", 'next': [");
	for (unsigned i = 0; i < entries; i++) {
		to = task + 1 + roll(d, ntasks - task - 1);
		reached[to] = true;
		add(t, "%s{'when': '%s', ", i == 0 ? "" : ", ", PICK(d, whens));
		if (roll(d, 2) == 0)
			add(t, "'set': {'n': '${{ vars.n + 1 }}'}, ");
		add(t, "'do': ['t%u']}", to);
	}
	add(t, "]");
}

static void
add_task(struct text *t, struct dice *d, unsigned number, unsigned task,
    unsigned ntasks, bool *reached)
{
	enum made made;

	add(t, "%s't%u': {", task == 0 ? "" : ", ", task);
	made = add_action(t, d, number);
	if (reached[task] && roll(d, 3) == 0)
		add(t, ", 'join': %s", roll(d, 2) == 0 ? "'all'" : "1");
	if (made == MADE_RUN && roll(d, 6) == 0)
		add(t, ", 'priority': %u", roll(d, 4));
	if (made != MADE_END) {
		if (roll(d, 5) == 0)
			add(t, ", 'optional': true");
		add_next(t, d, task, ntasks, reached);
	}
	add(t, "}");
}

void
random_caps(struct dice *d, bool in_file, char caps[CAPS_TEXT])
{
	unsigned which = roll(d, 3), used;
	char per[32];

	snprintf(per, sizeof(per), in_file ? "'%us'" : "%u000000000",
	    1 + roll(d, 20));
	used = (unsigned)snprintf(caps, CAPS_TEXT, "{");
	if (which != 0)
		used += (unsigned)snprintf(caps + used, CAPS_TEXT - used,
		    "'starts': {'max': %u, 'per': %s}%s", 1 + roll(d, 9), per,
		    which == 1 ? ", " : "");
	if (which != 2)
		used += (unsigned)snprintf(caps + used, CAPS_TEXT - used,
		    "'cost': {'max': %u.5, 'per': %s}", roll(d, 9), per);
	snprintf(caps + used, CAPS_TEXT - used, "}");
}

void
random_workflow(struct scene *s, struct dice *d, unsigned number)
{
	struct text t = {.size = 0};
	bool reached[RANDOM_TASKS] = {false};
	unsigned ntasks = 2 + roll(d, RANDOM_TASKS - 1);
	char caps[CAPS_TEXT];

	add(&t,
	    "{'workflow': 'w%u', 'input': {'n': {'type': 'integer', "
	    "'default': 0}}, 'vars': {'n': '${{ %s }}', 'list': "
	    "[7, 8, 9]}, 'output': {'n': '${{ vars.n }}'}",
	    number,
	    roll(d, 6) == 0 ? "input.n + 0 * (1 // (3 - input.n))" : "input.n");
	if (roll(d, 4) == 0)
		add(&t,
		    ", 'limits': {'parallel_tasks': 2, 'parallel_runs': "
		    "%u}",
		    1 + roll(d, 2));
	if (roll(d, 4) == 0)
		add(&t, ", 'on_error': 'kill'");
	if (roll(d, 4) == 0)
		add(&t, ", 'timeout': '%us'", 5 + roll(d, 20));
	if (number > 0 && roll(d, 4) == 0)
		add(&t, ", 'on_failure': 'w0'");
	if (roll(d, 6) == 0) {
		random_caps(d, true, caps);
		add(&t, ", 'safety': %s", caps);
	}
	add(&t, ", 'tasks': {");
	for (unsigned i = 0; i < ntasks; i++)
		add_task(&t, d, number, i, ntasks, reached);
	add(&t, "}}");
	scene_define(s, t.bytes);
}
