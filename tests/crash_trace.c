/* crash_trace: what commands have written down of themselves. */

#include "tests/crash_trace.h"

#include <atf-c.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE 60 /* seconds, for the rest of a line */

static unsigned bucket_of(const char *);
static struct trace_line *line_of(struct trace *, const char *);
static void take(struct trace *, const char *);

static unsigned
bucket_of(const char *key)
{
	unsigned sum = 5381;

	for (; *key != '\0'; key++)
		sum = sum * 33 + (unsigned char)*key;
	return sum % TRACE_BUCKETS;
}

const struct trace_line *
trace_find(const struct trace *t, const char *key)
{
	const struct trace_line *line = t->buckets[bucket_of(key)];

	while (line != NULL && strcmp(line->key, key) != 0)
		line = line->next;
	return line;
}

static struct trace_line *
line_of(struct trace *t, const char *key)
{
	struct trace_line *line =
	    (struct trace_line *)(uintptr_t)trace_find(t, key);

	if (line != NULL)
		return line;
	line = calloc(1, sizeof(*line));
	ATF_REQUIRE(line != NULL && strlen(key) < sizeof(line->key));
	strcpy(line->key, key);
	line->next = t->buckets[bucket_of(key)];
	t->buckets[bucket_of(key)] = line;
	return line;
}

static void
take(struct trace *t, const char *text)
{
	struct trace_line *line;
	char what, key[96];
	int status = 0;
	int fields = sscanf(text, "%c %95s %d", &what, key, &status);

	t->lines++;
	if (fields == 3 && what == 'b') {
		line = line_of(t, key);
		line->begins++;
		line->begun_at = t->lines;
	} else if (fields == 3 && what == 'e') {
		line = line_of(t, key);
		line->ends++;
		line->ended_at = t->lines;
		line->status = status;
	} else
		atf_tc_fail(
		    "line %ju of the trace: %s", (uintmax_t)t->lines, text);
}

void
trace_read(struct trace *t)
{
	FILE *f = fopen(t->path, "r");
	time_t begun = time(NULL);
	char text[256];

	if (f == NULL)
		return; /* nothing has begun */
	ATF_REQUIRE_EQ(0, fseek(f, t->offset, SEEK_SET));
	while (fgets(text, sizeof(text), f) != NULL) {
		if (strchr(text, '\n') != NULL) {
			take(t, text);
			t->offset = ftell(f);
			continue;
		}
		/* A line over two pages shows page by page as it is written. */
		ATF_REQUIRE_MSG(
		    time(NULL) < begun + PATIENCE, "half a line: %s", text);
		sched_yield();
		ATF_REQUIRE_EQ(0, fseek(f, t->offset, SEEK_SET));
	}
	fclose(f);
}

void
trace_check_once(const struct trace *t)
{
	for (unsigned i = 0; i < TRACE_BUCKETS; i++)
		for (const struct trace_line *line = t->buckets[i];
		     line != NULL; line = line->next) {
			if (line->begins != 1 || line->ends > 1)
				atf_tc_fail("%s began %u times, ended %u times",
				    line->key, line->begins, line->ends);
		}
}

void
trace_free(struct trace *t)
{
	struct trace_line *line;

	for (unsigned i = 0; i < TRACE_BUCKETS; i++)
		while ((line = t->buckets[i]) != NULL) {
			t->buckets[i] = line->next;
			free(line);
		}
	memset(t, 0, sizeof(*t));
}
