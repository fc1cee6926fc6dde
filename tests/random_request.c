/* random_request: requests made up from the catalogue */

#include "tests/random_request.h"

#include <stdio.h>
#include <string.h>

#include "libproto/errors.h"
#include "libproto/pack.h"

#define FEW 4		  /* elements of lists and maps, at most, mostly */
#define TEXT_MOST 40	  /* bytes */
#define WAIT_MOST 1000000 /* ns */

/* What may be wrong with one. */
enum fault {
	FAULT_NONE,
	FAULT_METHOD,  /* there is none of that name */
	FAULT_UNKNOWN, /* a parameter that the method does not have */
	FAULT_MISSING,
	FAULT_TYPE,
	FAULT_TWICE, /* a key */
	FAULT_UTF8,
	FAULT_SHAPE, /* no list with a map where the parameters are */
	FAULT_SHORT, /* nothing behind the id or the method */
	FAULT_NAME,  /* the method is no string */
	FAULTS
};

struct writer {
	struct random_requests *all;
	msgpack_packer packer;
};

static uint64_t draw(struct random_requests *, uint64_t);
static bool may_have(const struct method *, enum fault);
static const struct parameter *
faulty(struct writer *, const struct method *, enum fault);
static bool can_be(const struct parameter *, enum fault);
static unsigned choose(struct writer *, const struct parameter *, bool *,
    const struct parameter *left_out);
static void write_params(struct writer *, const struct method *, enum fault);
static void write_map(struct writer *, const struct parameter *);
static void write_value(struct writer *, const struct parameter *);
static void write_number(struct writer *, const struct parameter *);
static void write_wrong(struct writer *, const struct parameter *);
static void write_text(struct writer *, uint64_t least, uint64_t most);
static void write_word(struct writer *, const char *);
static void write_any(struct writer *, unsigned);
static void write_definition(struct writer *);
static void write_list(struct writer *, const struct parameter *);
static void write_labels(struct writer *, const struct parameter *);

/* Less than n; splitmix64. */
static uint64_t
draw(struct random_requests *all, uint64_t n)
{
	uint64_t x = all->seed += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % n;
}

void
random_request_next(struct random_requests *all, uint32_t id,
    msgpack_sbuffer *buffer, struct random_request *request)
{
	struct writer w = {.all = all};
	const struct method *method;
	enum fault fault = FAULT_NONE;
	char name[64];

	msgpack_packer_init(&w.packer, buffer, msgpack_sbuffer_write);
	request->method = (enum method_id)draw(all, METHODS);
	method = catalogue_method(request->method);
	/* One in three is wrong. */
	while (draw(all, 3) == 0 || request->method == METHOD_ENGINE_STOP) {
		fault = (enum fault)(1 + draw(all, FAULTS - 1));
		if (may_have(method, fault))
			break;
		fault = FAULT_NONE;
	}
	request->error = fault == FAULT_NONE ? 0
	    : fault == FAULT_METHOD	     ? ERROR_NOT_FOUND
					     : ERROR_BAD_REQUEST;
	snprintf(name, sizeof(name), "%s%s", method->name,
	    fault == FAULT_METHOD ? ".x" : "");
	if (fault == FAULT_METHOD)
		request->method = METHODS;
	msgpack_pack_array(&w.packer, fault == FAULT_SHORT ? 3 : 4);
	msgpack_pack_int(&w.packer, 0);
	msgpack_pack_uint32(&w.packer, id);
	if (fault == FAULT_NAME)
		write_any(&w, 3);
	else
		pack_str(&w.packer, name);
	if (fault != FAULT_SHORT)
		write_params(&w, method, fault);
}

static bool
may_have(const struct method *method, enum fault fault)
{
	if (fault < FAULT_MISSING || fault > FAULT_UTF8)
		return true;
	for (const struct parameter *p = method->parameters; p->name != NULL;
	     p++)
		if (can_be(p, fault))
			return true;
	return false;
}

static bool
can_be(const struct parameter *p, enum fault fault)
{
	switch (fault) {
	case FAULT_MISSING:
		return p->need != PARAMETER_OPTIONAL &&
		    p->type != PARAMETER_ANY;
	case FAULT_TYPE:
		return p->type != PARAMETER_ANY;
	case FAULT_TWICE:
		return p->need == PARAMETER_REQUIRED;
	case FAULT_UTF8:
		return p->type == PARAMETER_STR;
	default:
		return false;
	}
}

/* One of those that can have it. */
static const struct parameter *
faulty(struct writer *w, const struct method *method, enum fault fault)
{
	const struct parameter *found = NULL;
	unsigned n = 0;

	for (const struct parameter *p = method->parameters; p->name != NULL;
	     p++)
		if (can_be(p, fault) && draw(w->all, ++n) == 0)
			found = p;
	return found;
}

/* Which of the parameters there are; gives how many. */
static unsigned
choose(struct writer *w, const struct parameter *parameters, bool *there,
    const struct parameter *left_out)
{
	unsigned n = 0, either = 0;
	const struct parameter *p;

	for (p = parameters; p->name != NULL; p++)
		either += p->need == PARAMETER_EITHER;
	either = either > 0 ? 1 + (unsigned)draw(w->all, either) : 0;
	for (p = parameters; p->name != NULL; p++) {
		bool is = p->need == PARAMETER_REQUIRED ||
		    (p->need == PARAMETER_OPTIONAL && draw(w->all, 4) == 0) ||
		    (p->need == PARAMETER_EITHER && --either == 0);

		/* It never ends otherwise. */
		is = is || strcmp(p->name, "timeout") == 0;
		if (left_out != NULL && left_out->need == PARAMETER_EITHER)
			is = is && p->need != PARAMETER_EITHER;
		there[p - parameters] = is && p != left_out;
		n += there[p - parameters];
	}
	return n;
}

static void
write_params(struct writer *w, const struct method *method, enum fault fault)
{
	const struct parameter *wrong = faulty(w, method, fault), *p;
	bool there[64];
	unsigned n = choose(w, method->parameters, there,
	    fault == FAULT_MISSING ? wrong : NULL);
	bool more = fault == FAULT_UNKNOWN || fault == FAULT_TWICE;

	if (fault == FAULT_SHAPE) {
		pack_str(&w->packer, "no parameters");
		return;
	}
	if (fault == FAULT_TYPE || fault == FAULT_UTF8) {
		n += !there[wrong - method->parameters];
		there[wrong - method->parameters] = true;
	}
	msgpack_pack_array(&w->packer, 1);
	msgpack_pack_map(&w->packer, n + more);
	if (fault == FAULT_UNKNOWN)
		pack_key_int(&w->packer, "unheard_of", 1);
	for (p = method->parameters; p->name != NULL; p++) {
		if (!there[p - method->parameters])
			continue;
		for (int i = 0;
		     i < (fault == FAULT_TWICE && p == wrong ? 2 : 1); i++) {
			pack_str(&w->packer, p->name);
			if (fault == FAULT_UTF8 && p == wrong)
				pack_str(&w->packer, "\xc3\x28");
			else if (fault == FAULT_TYPE && p == wrong)
				write_wrong(w, p);
			else
				write_value(w, p);
		}
	}
}

static void
write_map(struct writer *w, const struct parameter *fields)
{
	bool there[64];

	msgpack_pack_map(&w->packer, choose(w, fields, there, NULL));
	for (const struct parameter *p = fields; p->name != NULL; p++) {
		if (!there[p - fields])
			continue;
		pack_str(&w->packer, p->name);
		write_value(w, p);
	}
}

static void
write_value(struct writer *w, const struct parameter *p)
{
	static const char *const names[] = {"calm", "hasty", "w1"};
	static const char *const tasks[] = {"a", "b", "none"};

	switch (p->type) {
	case PARAMETER_UINT:
	case PARAMETER_INT:
	case PARAMETER_NUMBER:
	case PARAMETER_DURATION:
	case PARAMETER_TIME:
		write_number(w, p);
		break;
	case PARAMETER_BOOL:
		if (draw(w->all, 2) == 0)
			msgpack_pack_true(&w->packer);
		else
			msgpack_pack_false(&w->packer);
		break;
	case PARAMETER_STR:
		write_text(w, (uint64_t)p->least, p->most);
		break;
	case PARAMETER_NAME:
		pack_str(&w->packer, names[draw(w->all, 3)]);
		break;
	case PARAMETER_TASK:
		pack_str(&w->packer, tasks[draw(w->all, 3)]);
		break;
	case PARAMETER_ANY:
		if (strcmp(p->name, "definition") == 0)
			write_definition(w);
		else
			write_any(w, 0);
		break;
	case PARAMETER_MAP:
	case PARAMETER_LABELS:
		write_labels(w, p);
		break;
	case PARAMETER_IDS:
	case PARAMETER_STRS:
	case PARAMETER_WORDS:
		write_list(w, p);
		break;
	case PARAMETER_WORD:
		write_word(w, p->words);
		break;
	case PARAMETER_FIELDS:
		write_map(w, p->fields);
		break;
	}
}

/* Within its bounds, now and then at one of them. */
static void
write_number(struct writer *w, const struct parameter *p)
{
	uint64_t span = p->most - (uint64_t)p->least;
	uint64_t kind = draw(w->all, 16), value = (uint64_t)p->least;

	if (strcmp(p->name, "timeout") == 0)
		value += draw(w->all, WAIT_MOST);
	else if (kind == 0)
		value = p->most;
	else if (kind > 1)
		value += draw(w->all,
		    span < w->all->newest ? span + 1 : w->all->newest + 1);
	if (p->least < 0 && value > INT64_MAX)
		msgpack_pack_int64(&w->packer, (int64_t)value);
	else
		msgpack_pack_uint64(&w->packer, value);
}

/* A string is no number, a number no string, and neither is a list or a map. */
static void
write_wrong(struct writer *w, const struct parameter *p)
{
	if (p->type == PARAMETER_STR || p->type == PARAMETER_NAME ||
	    p->type == PARAMETER_TASK || p->type == PARAMETER_WORD ||
	    p->type == PARAMETER_WORDS || draw(w->all, 2) == 0)
		msgpack_pack_double(&w->packer, -0.5);
	else
		pack_str(&w->packer, "neither");
}

static void
write_text(struct writer *w, uint64_t least, uint64_t most)
{
	char text[TEXT_MOST + 1];
	uint64_t room = most < TEXT_MOST ? most : TEXT_MOST;
	uint64_t n = least + draw(w->all, room - least + 1);

	for (uint64_t i = 0; i < n; i++)
		text[i] = (char)(' ' + draw(w->all, 95));
	text[n] = '\0';
	if (n >= 3 && draw(w->all, 4) == 0)
		memcpy(text + n - 3, "\xe2\x82\xac", 3);
	pack_str(&w->packer, text);
}

static void
write_word(struct writer *w, const char *words)
{
	const char *at = words, *end;
	unsigned n = 1;

	for (const char *c = words; *c != '\0'; c++)
		n += *c == '|';
	for (uint64_t skip = draw(w->all, n); skip > 0; skip--)
		at = strchr(at, '|') + 1;
	end = at + strcspn(at, "|");
	msgpack_pack_str_with_body(&w->packer, at, (size_t)(end - at));
}

static void
write_list(struct writer *w, const struct parameter *p)
{
	static const char *const strings[] = {"a", "execution.*", "task.ended"};
	uint32_t n = 1 + (uint32_t)draw(w->all, FEW);

	if (p->type == PARAMETER_WORDS && draw(w->all, 2) == 0) {
		write_word(w, p->words);
		return;
	}
	msgpack_pack_array(&w->packer, n);
	for (uint32_t i = 0; i < n; i++)
		if (p->type == PARAMETER_IDS)
			msgpack_pack_uint64(
			    &w->packer, 1 + draw(w->all, w->all->newest + 2));
		else if (p->type == PARAMETER_STRS)
			pack_str(&w->packer, strings[draw(w->all, 3)]);
		else
			write_word(w, p->words);
}

static void
write_labels(struct writer *w, const struct parameter *p)
{
	uint32_t n = (uint32_t)p->least + (uint32_t)draw(w->all, FEW);
	char key[16];

	msgpack_pack_map(&w->packer, n);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		pack_str(&w->packer, key);
		if (p->type == PARAMETER_LABELS)
			write_text(w, 1, 8);
		else
			write_any(w, 1);
	}
}

/* Never a string at the depth of 3, and shallow enough to be a value. */
static void
write_any(struct writer *w, unsigned depth)
{
	uint32_t n = (uint32_t)draw(w->all, FEW);

	switch (draw(w->all, depth < 3 ? 6 : 3)) {
	case 0:
		msgpack_pack_uint64(&w->packer, draw(w->all, UINT64_MAX));
		break;
	case 1:
		msgpack_pack_double(&w->packer, (double)n / 3);
		break;
	case 2:
		msgpack_pack_true(&w->packer);
		break;
	case 3:
		write_text(w, 0, TEXT_MOST);
		break;
	case 4:
		msgpack_pack_array(&w->packer, n);
		while (n-- > 0)
			write_any(w, depth + 1);
		break;
	default:
		msgpack_pack_map(&w->packer, 1);
		pack_str(&w->packer, "k");
		write_any(w, depth + 1);
	}
}

/* Two in three are right. */
static void
write_definition(struct writer *w)
{
	uint64_t kind = draw(w->all, 3);
	char name[4];

	if (kind == 0) {
		write_any(w, 0);
		return;
	}
	snprintf(name, sizeof(name), "w%u", (unsigned)draw(w->all, 3));
	msgpack_pack_map(&w->packer, 2);
	pack_key_str(&w->packer, "workflow", name);
	pack_str(&w->packer, "tasks");
	msgpack_pack_map(&w->packer, 1);
	pack_str(&w->packer, "a");
	msgpack_pack_map(&w->packer, 1);
	pack_str(&w->packer, "wait");
	msgpack_pack_map(&w->packer, 1);
	pack_key_str(&w->packer, "signal", kind == 1 ? "x" : "y");
}
