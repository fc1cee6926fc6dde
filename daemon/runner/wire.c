/* wire: messages between the daemon and its runners, to bytes and back. */

#include "daemon/runner/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_uint(struct wire_buffer *, uint64_t, unsigned);
static void put_string(struct wire_buffer *, const char *);
static void put_strings(struct wire_buffer *, char *const *);
static void put_key(struct wire_buffer *, const struct wire_key *);
static size_t begin(struct wire_buffer *, enum wire_type);
static bool finish(struct wire_buffer *, size_t);
static uint64_t get_uint(struct wire_message *, unsigned);
static uint32_t get_count(struct wire_message *, size_t);
static char *get_string(struct wire_message *);
static char **get_strings(struct wire_message *);
static void get_limits(struct wire_message *, struct wire_start *);
static void get_groups(struct wire_message *, struct wire_start *);

void
wire_buffer_free(struct wire_buffer *b)
{
	free(b->bytes);
	memset(b, 0, sizeof *b);
}

bool
wire_reserve(struct wire_buffer *b, size_t n)
{
	unsigned char *bytes;
	size_t room;

	if (b->room - b->end >= n)
		return true;
	if (b->start > 0) {
		memmove(b->bytes, b->bytes + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	if (b->room - b->end >= n)
		return true;
	room = b->room == 0 ? 1024 : b->room;
	while (room - b->end < n)
		room *= 2;
	bytes = realloc(b->bytes, room);
	if (bytes == NULL) {
		b->failed = true;
		return false;
	}
	b->bytes = bytes;
	b->room = room;
	return true;
}

void
wire_consume(struct wire_buffer *b, size_t n)
{
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = b->end = 0;
	if (b->room >
	    64 * 1024) { /* one big message is no reason to stay big */
		free(b->bytes);
		b->bytes = NULL;
		b->room = 0;
	}
}

static void
put_uint(struct wire_buffer *b, uint64_t n, unsigned bytes)
{
	if (!wire_reserve(b, bytes))
		return;
	while (bytes-- > 0) {
		b->bytes[b->end++] = (unsigned char)(n & 0xff);
		n >>= 8;
	}
}

static void
put_string(struct wire_buffer *b, const char *s)
{
	size_t size;

	size = strlen(s) + 1;
	put_uint(b, size, 4);
	if (!wire_reserve(b, size))
		return;
	memcpy(b->bytes + b->end, s, size);
	b->end += size;
}

static void
put_strings(struct wire_buffer *b, char *const *s)
{
	uint32_t n;

	for (n = 0; s[n] != NULL; n++)
		;
	put_uint(b, n, 4);
	for (; *s != NULL; s++)
		put_string(b, *s);
}

static void
put_key(struct wire_buffer *b, const struct wire_key *key)
{
	put_uint(b, key->execution, 8);
	put_uint(b, key->run, 4);
	put_uint(b, key->item, 4);
	put_uint(b, key->attempt, 4);
}

/* Where the body begins, counted from b->start, which stays what it is. */
static size_t
begin(struct wire_buffer *b, enum wire_type type)
{
	put_uint(b, 0, 4);
	put_uint(b, WIRE_VERSION, 2);
	put_uint(b, (uint64_t)type, 2);
	return b->end - b->start;
}

static bool
finish(struct wire_buffer *b, size_t body)
{
	size_t size, at;
	unsigned i;

	if (b->failed)
		return false;
	at = b->start + body;
	size = b->end - at;
	if (size > WIRE_BODY_MAX) {
		b->end = at - WIRE_HEADER;
		return false;
	}
	for (i = 0; i < 4; i++)
		b->bytes[at - WIRE_HEADER + i] =
		    (unsigned char)((size >> (8 * i)) & 0xff);
	return true;
}

void
wire_put(struct wire_buffer *b, enum wire_type type)
{
	finish(b, begin(b, type));
}

void
wire_put_id(struct wire_buffer *b, enum wire_type type, uint64_t id)
{
	size_t body;

	body = begin(b, type);
	put_uint(b, id, 8);
	finish(b, body);
}

void
wire_put_key(
    struct wire_buffer *b, enum wire_type type, const struct wire_key *key)
{
	size_t body;

	body = begin(b, type);
	put_key(b, key);
	finish(b, body);
}

void
wire_put_signal(struct wire_buffer *b, const struct wire_key *key, int signo)
{
	size_t body;

	body = begin(b, WIRE_SIGNAL);
	put_key(b, key);
	put_uint(b, (uint64_t)signo, 4);
	finish(b, body);
}

void
wire_put_report(struct wire_buffer *b, enum wire_type type,
    const struct wire_report *report)
{
	size_t body;

	body = begin(b, type);
	put_key(b, &report->key);
	put_uint(b, (uint32_t)report->pid, 4);
	put_uint(b, (uint32_t)report->status, 4);
	put_uint(b, (uint64_t)report->started_at, 8);
	put_uint(b, (uint64_t)report->ended_at, 8);
	put_uint(b, (uint64_t)report->cpu, 8);
	put_uint(b, (uint64_t)report->max_rss, 8);
	put_uint(b, report->left, 4);
	put_uint(b, (uint32_t)report->error, 4);
	put_uint(b, report->stage, 4);
	put_uint(b, report->detail, 4);
	put_uint(b, report->spared, 4);
	finish(b, body);
}

/* Bits of the byte before nice. */
enum { WIRE_HAS_NICE = 1, WIRE_NO_NEW_PRIVILEGES = 2 };

bool
wire_put_start(struct wire_buffer *b, const struct wire_start *start)
{
	size_t body;
	uint32_t i;

	body = begin(b, WIRE_START);
	put_key(b, &start->key);
	put_uint(b, start->uid, 4);
	put_uint(b, start->gid, 4);
	put_uint(b, start->ngroups, 4);
	for (i = 0; i < start->ngroups; i++)
		put_uint(b, start->groups[i], 4);
	put_uint(b, start->nlimits, 4);
	for (i = 0; i < start->nlimits; i++) {
		put_uint(b, start->limits[i].resource, 4);
		put_uint(b, start->limits[i].value, 8);
	}
	put_uint(b,
	    (start->has_nice ? WIRE_HAS_NICE : 0) |
		(start->no_new_privileges ? WIRE_NO_NEW_PRIVILEGES : 0),
	    1);
	put_uint(b, (uint32_t)start->nice, 4);
	put_string(b, start->cwd);
	put_string(b, start->in);
	put_string(b, start->out);
	put_string(b, start->err);
	put_strings(b, start->argv);
	put_strings(b, start->env);
	return finish(b, body);
}

int
wire_next(struct wire_buffer *b, struct wire_message *m)
{
	uint64_t size;

	memset(m, 0, sizeof *m);
	if (b->end - b->start < WIRE_HEADER)
		return 0;
	m->at = b->bytes + b->start;
	m->end = m->at + WIRE_HEADER;
	size = get_uint(m, 4);
	m->version = (uint16_t)get_uint(m, 2);
	m->type = (uint16_t)get_uint(m, 2);
	if (size > WIRE_BODY_MAX || m->version == 0)
		return -1;
	if (b->end - b->start - WIRE_HEADER < size)
		return 0;
	m->end += size;
	b->start += WIRE_HEADER + size;
	return 1;
}

static uint64_t
get_uint(struct wire_message *m, unsigned bytes)
{
	uint64_t n;
	unsigned i;

	if (m->bad || (size_t)(m->end - m->at) < bytes) {
		m->bad = true;
		return 0;
	}
	n = 0;
	for (i = 0; i < bytes; i++)
		n |= (uint64_t)m->at[i] << (8 * i);
	m->at += bytes;
	return n;
}

/* A number of things that take at least so many bytes each. */
static uint32_t
get_count(struct wire_message *m, size_t each)
{
	uint64_t n;

	n = get_uint(m, 4);
	if (n > (size_t)(m->end - m->at) / each)
		m->bad = true;
	return m->bad ? 0 : (uint32_t)n;
}

/* Points into the message; NULL where it is bad. */
static char *
get_string(struct wire_message *m)
{
	const unsigned char *s;
	uint32_t size;

	size = get_count(m, 1);
	s = m->at;
	if (m->bad || size == 0 ||
	    memchr(s, '\0', size) != (const void *)(s + size - 1)) {
		m->bad = true;
		return NULL;
	}
	m->at += size;
	return (char *)(uintptr_t)s;
}

static char **
get_strings(struct wire_message *m)
{
	char **s;
	uint32_t n, i;

	n = get_count(m, 5);
	s = calloc((size_t)n + 1, sizeof *s);
	if (s == NULL) {
		m->bad = true;
		return NULL;
	}
	for (i = 0; i < n; i++)
		s[i] = get_string(m);
	return s;
}

bool
wire_get_id(struct wire_message *m, uint64_t *id)
{
	*id = get_uint(m, 8);
	return !m->bad;
}

bool
wire_get_key(struct wire_message *m, struct wire_key *key)
{
	key->execution = get_uint(m, 8);
	key->run = (uint32_t)get_uint(m, 4);
	key->item = (uint32_t)get_uint(m, 4);
	key->attempt = (uint32_t)get_uint(m, 4);
	return !m->bad;
}

bool
wire_get_signal(struct wire_message *m, struct wire_key *key, int *signo)
{
	uint64_t n;

	wire_get_key(m, key);
	n = get_uint(m, 4);
	if (n == 0 || n > 128)
		m->bad = true;
	*signo = m->bad ? 0 : (int)n;
	return !m->bad;
}

bool
wire_get_report(struct wire_message *m, struct wire_report *report)
{
	wire_get_key(m, &report->key);
	report->pid = (int32_t)get_uint(m, 4);
	report->status = (int32_t)get_uint(m, 4);
	report->started_at = (int64_t)get_uint(m, 8);
	report->ended_at = (int64_t)get_uint(m, 8);
	report->cpu = (int64_t)get_uint(m, 8);
	report->max_rss = (int64_t)get_uint(m, 8);
	report->left = (uint32_t)get_uint(m, 4);
	report->error = (int32_t)get_uint(m, 4);
	report->stage = (uint32_t)get_uint(m, 4);
	report->detail = (uint32_t)get_uint(m, 4);
	report->spared = m->version < 2 ? 0 : (uint32_t)get_uint(m, 4);
	return !m->bad;
}

static void
get_groups(struct wire_message *m, struct wire_start *start)
{
	uint32_t n;

	n = get_count(m, 4);
	start->groups = calloc((size_t)n + 1, sizeof *start->groups);
	if (start->groups == NULL) {
		m->bad = true;
		return;
	}
	for (; start->ngroups < n; start->ngroups++)
		start->groups[start->ngroups] = (uint32_t)get_uint(m, 4);
}

static void
get_limits(struct wire_message *m, struct wire_start *start)
{
	struct wire_limit *limit;
	uint32_t n;

	n = get_count(m, 12);
	if (n > WIRE_LIMITS_MAX) {
		m->bad = true;
		return;
	}
	for (; start->nlimits < n; start->nlimits++) {
		limit = &start->limits[start->nlimits];
		limit->resource = (uint32_t)get_uint(m, 4);
		limit->value = get_uint(m, 8);
	}
}

bool
wire_get_start(struct wire_message *m, struct wire_start *start)
{
	uint64_t flags;

	memset(start, 0, sizeof *start);
	wire_get_key(m, &start->key);
	start->uid = (uint32_t)get_uint(m, 4);
	start->gid = (uint32_t)get_uint(m, 4);
	get_groups(m, start);
	get_limits(m, start);
	flags = get_uint(m, 1);
	start->has_nice = (flags & WIRE_HAS_NICE) != 0;
	start->no_new_privileges = (flags & WIRE_NO_NEW_PRIVILEGES) != 0;
	start->nice = (int32_t)get_uint(m, 4);
	start->cwd = get_string(m);
	start->in = get_string(m);
	start->out = get_string(m);
	start->err = get_string(m);
	start->argv = get_strings(m);
	start->env = get_strings(m);
	return !m->bad && start->argv[0] != NULL;
}

void
wire_start_free(struct wire_start *start)
{
	free(start->groups);
	free(start->argv);
	free(start->env);
}

int
wire_key_compare(const struct wire_key *a, const struct wire_key *b)
{
	if (a->execution != b->execution)
		return a->execution < b->execution ? -1 : 1;
	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->attempt != b->attempt)
		return a->attempt < b->attempt ? -1 : 1;
	return 0;
}

void
wire_mark_print(const struct wire_mark *mark, char text[WIRE_MARK_SIZE])
{
	snprintf(text, WIRE_MARK_SIZE,
	    "%" PRIx64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32 "-%" PRIu32,
	    mark->runner, mark->key.execution, mark->key.run, mark->key.item,
	    mark->key.attempt);
}

bool
wire_mark_parse(const char *variable, struct wire_mark *mark)
{
	struct wire_key *key;
	char again[WIRE_MARK_SIZE];

	key = &mark->key;
	if (strncmp(variable, WIRE_MARK "=", sizeof WIRE_MARK) != 0)
		return false;
	variable += sizeof WIRE_MARK;
	if (sscanf(variable,
		"%" SCNx64 "-%" SCNu64 "-%" SCNu32 "-%" SCNu32 "-%" SCNu32,
		&mark->runner, &key->execution, &key->run, &key->item,
		&key->attempt) != 5)
		return false;
	wire_mark_print(mark, again);
	return strcmp(variable, again) == 0;
}
