/* links: daemon/core/quantity.c libproto/nearest.c ; libs: msgpack */
/* definition_quantity_test: durations, sizes, times; and the nearest word. */

#include <atf-c.h>
#include <string.h>

#include "daemon/core/definition.h"
#include "libproto/nearest.h"

#define SECOND INT64_C(1000000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct quantity {
	const char *text;
	int64_t value; /* -1: refused */
};

static msgpack_object string(const char *);
static int64_t duration(const char *);
static int64_t size_of(const char *);
static int64_t time_of(const char *);
static void
require_same(const struct quantity *, size_t, int64_t (*)(const char *));

static msgpack_object
string(const char *s)
{
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};

	o.via.str.ptr = s;
	o.via.str.size = (uint32_t)strlen(s);
	return o;
}

static int64_t
duration(const char *s)
{
	msgpack_object o = string(s);
	int64_t ns = -2;

	return parse_duration(&o, &ns) ? ns : -1;
}

static int64_t
size_of(const char *s)
{
	msgpack_object o = string(s);
	int64_t bytes = -2;

	return parse_size(&o, &bytes) ? bytes : -1;
}

static int64_t
time_of(const char *s)
{
	int64_t ns = -2;

	return parse_time(s, strlen(s), &ns) ? ns : -1;
}

static void
require_same(const struct quantity *q, size_t n, int64_t (*parse)(const char *))
{
	size_t i;

	for (i = 0; i < n; i++)
		ATF_CHECK_MSG(parse(q[i].text) == q[i].value, "%s: %lld",
		    q[i].text, (long long)parse(q[i].text));
}

ATF_TC_WITHOUT_HEAD(durations);
ATF_TC_BODY(durations, tc)
{
	static const struct quantity durations[] = {
	    {"250ms", SECOND / 4},
	    {"0s", 0},
	    {"10s", 10 * SECOND},
	    {"5m", 300 * SECOND},
	    {"2h", 7200 * SECOND},
	    {"1d", 86400 * SECOND},
	    {"1h30m", 5400 * SECOND},
	    {"1d2h3m4s5ms", 93784 * SECOND + SECOND / 200},
	    {"1m500ms", 60 * SECOND + SECOND / 2},
	    {"36500d", 86400 * SECOND * 36500},
	    {"36500d1ms", -1},
	    {"9223372036854775807ms", -1},
	    {"99999999999999999999s", -1},
	    {"30m1h", -1},
	    {"1h1h", -1},
	    {"10", -1},
	    {"", -1},
	    {"s", -1},
	    {"1.5h", -1},
	    {"-1s", -1},
	    {"1 s", -1},
	    {"1S", -1},
	    {"1w", -1},
	    {"1s ", -1},
	};
	msgpack_object o = {.type = MSGPACK_OBJECT_POSITIVE_INTEGER};
	int64_t ns;

	require_same(durations, COUNT(durations), duration);
	o.via.u64 = 1500;
	ATF_CHECK(parse_duration(&o, &ns) && ns == 1500);
	o.via.u64 = UINT64_MAX;
	ATF_CHECK(!parse_duration(&o, &ns));
	o = (msgpack_object){.type = MSGPACK_OBJECT_NEGATIVE_INTEGER};
	o.via.i64 = -1;
	ATF_CHECK(!parse_duration(&o, &ns));
	o = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
	ATF_CHECK(!parse_duration(&o, &ns));
}

ATF_TC_WITHOUT_HEAD(sizes);
ATF_TC_BODY(sizes, tc)
{
	static const struct quantity sizes[] = {
	    {"0", 0},
	    {"64K", 65536},
	    {"10M", 10 << 20},
	    {"1G", 1 << 30},
	    {"8388607T", INT64_C(8388607) << 40},
	    {"8388608T", -1},
	    {"9223372036854775807", INT64_MAX},
	    {"9223372036854775808", -1},
	    {"", -1},
	    {"K", -1},
	    {"1k", -1},
	    {"1KB", -1},
	    {"1.5M", -1},
	};

	require_same(sizes, COUNT(sizes), size_of);
}

ATF_TC_WITHOUT_HEAD(times);
ATF_TC_BODY(times, tc)
{
	static const struct quantity times[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2027-01-01T00:00:00Z", 1798761600 * SECOND},
	    {"2027-01-01T01:00:00+01:00", 1798761600 * SECOND},
	    {"2026-12-31T18:30:00-05:30", 1798761600 * SECOND},
	    {"2027-01-01 00:00:00z", 1798761600 * SECOND},
	    {"2000-02-29T12:00:00Z", 951825600 * SECOND},
	    {"2016-12-31T23:59:60Z", 1483228800 * SECOND},
	    {"2027-01-01T00:00:00.25Z", 1798761600 * SECOND + SECOND / 4},
	    {"2027-01-01T00:00:00.1234567891Z",
		1798761600 * SECOND + 123456789},
	    {"2261-12-31T23:59:59Z", 9214646399 * SECOND},
	    {"2262-01-01T00:00:00Z", -1},
	    {"1969-12-31T23:59:59Z", -1},
	    {"1970-01-01T00:00:00+01:00", -1},
	    {"2027-02-29T00:00:00Z", -1},
	    {"1900-02-29T00:00:00Z", -1},
	    {"2027-13-01T00:00:00Z", -1},
	    {"2027-00-01T00:00:00Z", -1},
	    {"2027-01-00T00:00:00Z", -1},
	    {"2027-01-01T24:00:00Z", -1},
	    {"2027-01-01T00:60:00Z", -1},
	    {"2027-01-01T00:00:00", -1},
	    {"2027-01-01T00:00:00.Z", -1},
	    {"2027-01-01T00:00Z", -1},
	    {"2027-01-01", -1},
	    {"2027-01-01T00:00:00Zx", -1},
	    {"", -1},
	};

	require_same(times, COUNT(times), time_of);
}

ATF_TC_WITHOUT_HEAD(nearest_words);
ATF_TC_BODY(nearest_words, tc)
{
	static const char *const known[] = {
	    "run", "retry", "needs", "timeout", "on", "description"};
	static const struct {
		const char *word;
		const char *nearest;
	} words[] = {
	    {"retri", "retry"},
	    {"rettry", "retry"},
	    {"rerty", "retry"},
	    {"time_out", "timeout"},
	    {"timeuot", "timeout"},
	    {"desciptoin", "description"},
	    {"rum", "run"},
	    {"no", "on"},
	    {"xy", NULL},
	    {"walk", NULL},
	    {"", NULL},
	};
	char longer[100];
	const char *got;
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		got = nearest_word(
		    words[i].word, strlen(words[i].word), known, COUNT(known));
		ATF_CHECK_MSG(got == words[i].nearest ||
			(got != NULL && words[i].nearest != NULL &&
			    strcmp(got, words[i].nearest) == 0),
		    "%s: %s", words[i].word, got != NULL ? got : "none");
	}
	memset(longer, 'r', sizeof(longer));
	ATF_CHECK(
	    nearest_word(longer, sizeof(longer), known, COUNT(known)) == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, durations);
	ATF_TP_ADD_TC(tp, sizes);
	ATF_TP_ADD_TC(tp, times);
	ATF_TP_ADD_TC(tp, nearest_words);
	return atf_no_error();
}
