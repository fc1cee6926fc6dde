/*
 * why_log: how the log of an attempt ends: of its standard error, or of its
 * output where it has written no errors.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/field.h"
#include "ctl/why.h"
#include "libproto/errors.h"

#define LINES 10   /* of the end that are shown */
#define TAIL 16384 /* bytes that are looked at for them */

/* Which log is asked for. */
struct asked {
	struct why *why;
	uint64_t execution;
	const msgpack_object *task;
	uint64_t attempt;
	const char *stream;
};

enum found { NOTHING, LINES_FOUND, HIDDEN };

static int
ask(const struct asked *, uint64_t offset, uint64_t limit, struct answer *);
static enum found put_end(const struct asked *, struct parameters *);
static void put_lines(struct parameters *, const char *, size_t, bool whole);
static void put_hidden(struct parameters *, const struct answer *);

const char *
why_log(struct why *why, struct parameters *to, uint64_t execution,
    const msgpack_object *task, uint64_t attempt)
{
	struct asked asked = {why, execution, task, attempt, "stderr"};
	struct parameters map;
	enum found found;

	parameters_start(&map);
	found = put_end(&asked, &map);
	if (found == NOTHING) {
		asked.stream = "stdout";
		found = put_end(&asked, &map);
	}
	why_put_map(to, "log", &map);
	return found == LINES_FOUND ? asked.stream : NULL;
}

static int
ask(const struct asked *asked, uint64_t offset, uint64_t limit,
    struct answer *answer)
{
	struct parameters p;
	char *name = field_text(asked->task, "name");
	int status;

	parameters_start(&p);
	parameters_uint(&p, "execution", asked->execution);
	parameters_str(&p, "task", name);
	parameters_uint(&p, "run", field_uint(asked->task, "run"));
	if (field(asked->task, "item") != NULL)
		parameters_uint(&p, "item", field_uint(asked->task, "item"));
	parameters_uint(&p, "attempt", asked->attempt);
	parameters_str(&p, "stream", asked->stream);
	parameters_uint(&p, "offset", offset);
	parameters_uint(&p, "limit", limit);
	status = ctl_try(asked->why->ctl, "task.log", &p, answer);
	parameters_free(&p);
	free(name);
	return status;
}

static enum found
put_end(const struct asked *asked, struct parameters *map)
{
	struct answer answer;
	const msgpack_object *bytes;
	uint64_t size, from;
	int status = ask(asked, 0, 1, &answer);

	if (status != 0) {
		put_hidden(map, &answer);
		answer_free(&answer);
		return HIDDEN;
	}
	size = field_uint(&answer.object, "size");
	answer_free(&answer);
	if (size == 0)
		return NOTHING;
	from = size > TAIL ? size - TAIL : 0;
	status = ask(asked, from, TAIL, &answer);
	bytes = field(&answer.object, "bytes");
	if (status == 0 && bytes != NULL && bytes->type == MSGPACK_OBJECT_BIN) {
		parameters_str(map, "stream", asked->stream);
		put_lines(
		    map, bytes->via.bin.ptr, bytes->via.bin.size, from == 0);
	}
	answer_free(&answer);
	return status == 0 ? LINES_FOUND : HIDDEN;
}

/* The first line may be cut where the log was not read from its beginning. */
static void
put_lines(struct parameters *map, const char *p, size_t size, bool whole)
{
	const char *end = p + size, *line, *from;
	struct parameters list;
	unsigned n = 0;

	if (size > 0 && end[-1] == '\n')
		end--;
	for (from = end; from > p; from--)
		if (from[-1] == '\n' && ++n == LINES)
			break;
	parameters_bool(map, "cut", from > p || !whole);
	parameters_start(&list);
	for (; from <= end && from < p + size; from = line + 1) {
		line = memchr(from, '\n', (size_t)(end - from));
		if (line == NULL)
			line = end;
		pack_strn(&list.packer, from, (size_t)(line - from));
		list.count++;
	}
	why_put_list(map, "lines", &list);
}

/* Logs are for their owner: that there is one to ask is worth saying. */
static void
put_hidden(struct parameters *map, const struct answer *answer)
{
	if (answer->error != ERROR_NOT_FOUND)
		parameters_str(map, "hidden", answer->text);
}
