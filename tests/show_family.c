/* links: tests/family.c libweir.a ; libs: msgpack */
/*
 * show_family: what tests/family.h has, of a daemon.
 *
 * usage: show_family step
 *	   show_family table TITLE FILE [TITLE FILE]...
 *
 * The first prints a step of a table, with all executions that the daemon at
 * $WEIR_SOCKET knows, the second the table of steps in files.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "libproto/errors.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"
#include "libproto/weir.h"
#include "tests/family.h"

#define TIMEOUT 60000 /* milliseconds */
#define STEPS_MAX 16

static uint64_t
show(struct weir *, uint64_t execution, uint64_t generation, FILE *);
static uint64_t generation_of(const msgpack_object *);
static void print_step(void);
static char *read_file(const char *);
static void print_table(int, char **);

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "step") == 0)
		print_step();
	else if (argc >= 4 && argc % 2 == 0 && strcmp(argv[1], "table") == 0)
		print_table((argc - 2) / 2, argv + 2);
	else
		errx(
		    EX_USAGE, "usage: show_family step | table TITLE FILE ...");
	if (fflush(stdout) != 0)
		err(EX_IOERR, "standard output");
	return 0;
}

static uint64_t
generation_of(const msgpack_object *execution)
{
	for (uint32_t i = 0; i < execution->via.map.size; i++) {
		const msgpack_object_kv *pair = &execution->via.map.ptr[i];

		if (pair->key.via.str.size == strlen("generation") &&
		    memcmp(pair->key.via.str.ptr, "generation",
			pair->key.via.str.size) == 0)
			return pair->val.via.u64;
	}
	errx(EX_PROTOCOL, "an execution without a generation");
}

/* A generation, 0: the newest; NULL: nowhere.  Which it was; 0: there is no
 * such execution. */
static uint64_t
show(struct weir *weir, uint64_t id, uint64_t generation, FILE *to)
{
	struct weir_message answer;
	msgpack_sbuffer parameters;
	msgpack_packer packer;
	msgpack_object object;
	msgpack_zone zone;
	int error;

	msgpack_sbuffer_init(&parameters);
	msgpack_packer_init(&packer, &parameters, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, generation == 0 ? 1 : 2);
	pack_key_uint(&packer, "id", id);
	if (generation != 0)
		pack_key_uint(&packer, "generation", generation);
	error = weir_call(weir, "execution.get", parameters.data,
	    parameters.size, TIMEOUT, &answer);
	msgpack_sbuffer_destroy(&parameters);
	if (error == ERROR_NOT_FOUND)
		return 0;
	if (error != WEIR_OK)
		errx(EX_UNAVAILABLE, "execution %ju: %s", (uintmax_t)id,
		    error < 0 ? weir_strerror(error) : answer.text);
	msgpack_zone_init(&zone, 4096);
	if (!unpack_value(answer.body, answer.size, &zone, &object))
		errx(EX_PROTOCOL, "the answer is no MessagePack");
	generation = generation_of(&object);
	if (to != NULL)
		family_add(to, &object);
	msgpack_zone_destroy(&zone);
	return generation;
}

static void
print_step(void)
{
	struct weir *weir = weir_open(NULL);
	uint64_t newest;

	if (weir == NULL)
		err(EX_UNAVAILABLE, "no daemon");
	for (uint64_t id = 1; (newest = show(weir, id, 0, NULL)) != 0; id++)
		for (uint64_t i = 1; i <= newest; i++)
			show(weir, id, i, stdout);
	weir_close(weir);
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (f == NULL)
		err(EX_NOINPUT, "%s", path);
	if (getdelim(&text, &room, '\0', f) == -1)
		errx(EX_DATAERR, "%s is empty", path);
	fclose(f);
	return text;
}

static void
print_table(int nsteps, char **arguments)
{
	const char *titles[STEPS_MAX] = {NULL};
	char *steps[STEPS_MAX] = {NULL};

	if (nsteps > STEPS_MAX)
		errx(EX_USAGE, "more than %d steps", STEPS_MAX);
	for (int i = 0; i < nsteps; i++) {
		titles[i] = arguments[2 * i];
		steps[i] = read_file(arguments[2 * i + 1]);
	}
	family_table(stdout, titles, steps, (size_t)nsteps);
	for (int i = 0; i < nsteps; i++)
		free(steps[i]);
}
