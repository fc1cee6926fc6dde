/* nesting: three levels of workflows in a scene, and tables of them. */

#include "tests/nesting.h"

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/callout.h"
#include "daemon/view.h"
#include "libproto/unpack.h"
#include "tests/family.h"

#define PATH_SIZE 1024
#define ARGUMENTS 5

/* What a callout was told: its letter, its input, and what a tie reads. */
struct callout_arguments {
	char letter;
	char text[ARGUMENTS][256];
	unsigned count;
};

static char *read_file(const char *);
static void
read_arguments(const struct nesting *, unsigned, struct callout_arguments *);
static bool is_stuck(const struct nesting *, unsigned);
static bool is_broken(const struct nesting *, const struct execution *,
    const struct callout_arguments *);
static int pick(const struct nesting *);
static void end_callout(struct nesting *, unsigned);
static void begin_step(struct nesting *);
static int by_text(const void *, const void *);
static void write_ran(struct nesting *, FILE *);
static void add_generation(
    FILE *, const struct state *, const struct execution *, uint32_t);

void
nesting_begin(struct nesting *n)
{
	memset(n, 0, sizeof(*n));
	scene_begin(&n->scene);
	begin_step(n);
}

static void
begin_step(struct nesting *n)
{
	n->notes[0] = '\0';
	n->ran_file = open_memstream(&n->ran, &n->ran_size);
	ATF_REQUIRE(n->ran_file != NULL);
}

/* The caller frees it; NULL where there is none. */
static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t room = 1 << 18, size;
	char *text;

	if (f == NULL)
		return NULL;
	text = malloc(room);
	ATF_REQUIRE(text != NULL);
	size = fread(text, 1, room - 1, f);
	text[size] = '\0';
	fclose(f);
	return text;
}

void
nesting_define(struct nesting *n, const char *file, bool another)
{
	static const char output[] = "\"output\": \"[";
	char path[PATH_SIZE], *text, *at;

	snprintf(path, sizeof(path), "%s/tests/nesting/%s.json",
	    getenv("WEIR_SRC"), file);
	text = read_file(path);
	ATF_REQUIRE_MSG(text != NULL, "there is no %s", path);
	at = strstr(text, output);
	ATF_REQUIRE(at != NULL);
	if (another) /* as good as the space that it takes */
		at[sizeof(output) - 2] = '{';
	ATF_REQUIRE_EQ(scene_define(&n->scene, text), another ? 2 : 1);
	free(text);
}

void
nesting_start(struct nesting *n, const char *mid)
{
	nesting_define(n, "low", false);
	nesting_define(n, mid, false);
	nesting_define(n, "top", false);
	ATF_REQUIRE_EQ(scene_start(&n->scene, "top", NULL), 1);
}

bool
nesting_ask(struct nesting *n, const struct command *asked)
{
	struct command c = *asked, plain = scene_command(asked->type);
	size_t used = strlen(n->notes);

	c.by = plain.by;
	c.if_status = plain.if_status;
	c.item = plain.item;
	if (scene_do(&n->scene, &c))
		return true;
	snprintf(n->notes + used, sizeof(n->notes) - used, "! refused: %s\n",
	    n->scene.reply.message);
	return false;
}

static void
read_arguments(const struct nesting *n, unsigned where,
    struct callout_arguments *arguments)
{
	const struct attempt *t =
	    state_attempt(n->scene.live, &n->scene.running[where]);
	struct value *argv = value_get(t->k.spec, "argv");
	msgpack_zone zone;
	msgpack_object o;

	msgpack_zone_init(&zone, 1024);
	value_unpack(argv, &zone, &o);
	memset(arguments, 0, sizeof(*arguments));
	for (uint32_t i = 1; i < o.via.array.size; i++) {
		const msgpack_object_str *s = &o.via.array.ptr[i].via.str;

		ATF_REQUIRE(arguments->count < ARGUMENTS);
		snprintf(arguments->text[arguments->count++],
		    sizeof(arguments->text[0]), "%.*s", (int)s->size, s->ptr);
	}
	arguments->letter = arguments->text[0][0];
	msgpack_zone_destroy(&zone);
	value_unref(argv);
}

static bool
is_stuck(const struct nesting *n, unsigned where)
{
	struct callout_arguments arguments;
	char name[32];

	read_arguments(n, where, &arguments);
	snprintf(name, sizeof(name), "%" PRIu64 "%c",
	    n->scene.running[where].execution, arguments.letter);
	return n->stuck != NULL && strstr(n->stuck, name) != NULL;
}

static bool
is_broken(const struct nesting *n, const struct execution *x,
    const struct callout_arguments *arguments)
{
	char name[512];
	size_t size = n->broken == NULL ? 0 : strlen(n->broken);

	snprintf(name, sizeof(name), "%s.%c.%s", x->definition->name,
	    arguments->letter, arguments->text[1]);
	if (size > 0 && n->broken[0] == '*')
		return true;
	return size > 0 && strncmp(n->broken, name, size) == 0 &&
	    (name[size] == '\0' || name[size] == '.');
}

/* As a callout of nesting_daemon_test does it. */
static void
end_callout(struct nesting *n, unsigned where)
{
	struct callout_result result = {.end = CALLOUT_EXITED};
	const struct callout_key key = n->scene.running[where];
	const struct execution *x = scene_execution(&n->scene, key.execution);
	struct callout_arguments a;
	char output[2048];
	uint32_t count;

	read_arguments(n, where, &a);
	ATF_REQUIRE(key.execution < 64);
	count = ++n->counts[key.execution][(int)a.letter];
	result.exit = is_broken(n, x, &a);
	fprintf(n->ran_file, " %" PRIu64 "%c%u%s", key.execution, a.letter,
	    count, result.exit != 0 ? "!" : "");
	snprintf(output, sizeof(output), "'%" PRIu64 "%c%u%s%s%s%s%s%s'",
	    key.execution, a.letter, count, a.text[1], a.count > 2 ? "(" : "",
	    a.count > 2 ? a.text[2] : "", a.count > 2 ? " " : "",
	    a.count > 2 ? a.text[3] : "", a.count > 2 ? ")" : "");
	result.output = result.exit != 0 ? NULL : scene_value(output);
	result.started_at = result.ended_at = n->scene.now;
	scene_end_callout(&n->scene, &key, &result);
	value_unref(result.output);
	scene_check(&n->scene);
}

/* -1: none. */
static int
pick(const struct nesting *n)
{
	int best = -1;

	for (unsigned i = 0; i < n->scene.nrunning; i++) {
		const struct callout_key *a = &n->scene.running[i], *b;

		b = best < 0 ? a : &n->scene.running[best];
		if (!is_stuck(n, i) &&
		    (best < 0 ||
			((a->execution < b->execution ||
			     (a->execution == b->execution &&
				 a->run < b->run)) != n->deepest_first)))
			best = (int)i;
	}
	return best;
}

void
nesting_run(struct nesting *n)
{
	int where;

	while ((where = pick(n)) >= 0)
		end_callout(n, (unsigned)where);
}

void
nesting_end_one(struct nesting *n, uint64_t execution, char letter)
{
	struct callout_arguments arguments;

	for (unsigned i = 0; i < n->scene.nrunning; i++) {
		read_arguments(n, i, &arguments);
		if (n->scene.running[i].execution != execution ||
		    arguments.letter != letter)
			continue;
		end_callout(n, i);
		return;
	}
	atf_tc_fail("no callout %" PRIu64 "%c runs", execution, letter);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of the alphabet: who ends first does not matter. */
static void
write_ran(struct nesting *n, FILE *f)
{
	char *words[256] = {NULL}, *last, *word;
	size_t count = 0;

	fclose(n->ran_file);
	for (word = strtok_r(n->ran, " ", &last); word != NULL && count < 256;
	     word = strtok_r(NULL, " ", &last))
		words[count++] = word;
	qsort(words, count, sizeof(words[0]), by_text);
	fprintf(f, "! ran:");
	for (size_t i = 0; i < count; i++)
		fprintf(f, " %s", words[i]);
	fprintf(f, "%s\n", count == 0 ? " nothing" : "");
	free(n->ran);
}

/* In a state by itself nothing has a process. */
pid_t
callouts_pid(const struct callouts *c, const struct callout_key *key)
{
	(void)c, (void)key;
	return 0;
}

static void
add_generation(FILE *f, const struct state *s, const struct execution *x,
    uint32_t generation)
{
	static const char none;
	const struct callouts *nobody = (const void *)&none;
	struct view_tasks tasks = {0};
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	msgpack_zone zone;
	msgpack_object o;

	msgpack_sbuffer_init(&buffer);
	msgpack_zone_init(&zone, 4096);
	msgpack_packer_init(&packer, &tasks.packed, msgpack_sbuffer_write);
	while (view_task_next(&packer, s, x, generation, true, nobody, &tasks))
		;
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	if (generation == x->k.generation)
		view_execution(&packer, s, x, true, &tasks);
	else
		view_generation(&packer, s, x, generation, true, &tasks);
	ATF_REQUIRE(unpack_value(buffer.data, buffer.size, &zone, &o));
	family_add(f, &o);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
	msgpack_sbuffer_destroy(&tasks.packed);
}

void
nesting_step(struct nesting *n, const char *title)
{
	size_t size;
	struct execution *x;
	FILE *f;

	ATF_REQUIRE(n->nsteps < NESTING_STEPS);
	n->titles[n->nsteps] = title;
	f = open_memstream(&n->steps[n->nsteps++], &size);
	ATF_REQUIRE(f != NULL);
	fputs(n->notes, f);
	write_ran(n, f);
	begin_step(n);
	RB_FOREACH (x, executions, &n->scene.live->executions)
		for (uint32_t i = 1; i <= x->k.generation; i++)
			add_generation(f, n->scene.live, x, i);
	fclose(f);
	scene_check(&n->scene);
}

char *
nesting_close(struct nesting *n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ATF_REQUIRE(f != NULL);
	family_table(f, n->titles, n->steps, n->nsteps);
	fclose(f);
	for (size_t i = 0; i < n->nsteps; i++)
		free(n->steps[i]);
	fclose(n->ran_file);
	free(n->ran);
	scene_recovers(&n->scene);
	scene_end(&n->scene);
	return text;
}

void
nesting_golden(const char *name, const char *text)
{
	const char *mode = getenv("WEIR_GOLDEN");
	char path[PATH_SIZE], *command, *wanted;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/nesting/%s",
	    getenv("WEIR_SRC"), name);
	wanted = read_file(path);
	if (mode != NULL && strcmp(mode, "write") == 0) {
		f = fopen(path, "w");
		ATF_REQUIRE(f != NULL);
		fputs(text, f);
		fclose(f);
	} else if (wanted == NULL || strcmp(wanted, text) != 0) {
		f = fopen(name, "w");
		ATF_REQUIRE(f != NULL);
		fputs(text, f);
		fclose(f);
		command = xasprintf("diff -u %s %s >&2", path, name);
		if (system(command) != 0)
			atf_tc_fail_nonfatal(
			    "it is not what golden/nesting/%s says", name);
		free(command);
	}
	free(wanted);
}
