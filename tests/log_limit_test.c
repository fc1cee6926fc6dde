/* links: daemon/log_limit.c ; libs: */
/* log_limit_test: how many lines of the log others may cause. */

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/log_limit.h"

#define SECOND INT64_C(1000000000)

/* What was told, line after line. */
struct told {
	char text[8192];
	unsigned lines;
	enum log_level level; /* of the last */
};

static struct log_limit limit;
static struct told told;

static bool take(enum log_kind, uint32_t, const char *, int64_t);
static unsigned take_many(enum log_kind, uint32_t, unsigned, int64_t);
static void tell(bool, int64_t);
static void note(void *, enum log_level, const char *);

static bool
take(enum log_kind kind, uint32_t uid, const char *text, int64_t now)
{
	const struct log_about about = {kind, uid, LOG_LEVEL_INFO};

	return log_limit_take(&limit, &about, text, now);
}

/* How many of so many are written at once. */
static unsigned
take_many(enum log_kind kind, uint32_t uid, unsigned n, int64_t now)
{
	unsigned written = 0;
	char text[64];

	for (unsigned i = 1; i <= n; i++) {
		snprintf(text, sizeof(text), "%" PRIu32 " line %u", uid, i);
		written += take(kind, uid, text, now) ? 1 : 0;
	}
	return written;
}

static void
tell(bool all, int64_t now)
{
	memset(&told, 0, sizeof(told));
	log_limit_tell(&limit, all, now, note, &told);
}

static void
note(void *ctx, enum log_level level, const char *line)
{
	struct told *to = ctx;
	size_t used = strlen(to->text);

	snprintf(to->text + used, sizeof(to->text) - used, "%s\n", line);
	to->lines++;
	to->level = level;
}

ATF_TC_WITHOUT_HEAD(burst);
ATF_TC_BODY(burst, tc)
{
	ATF_CHECK_EQ(INT64_MAX, log_limit_due(&limit));
	ATF_CHECK_EQ(
	    LOG_LIMIT_BURST, take_many(LOG_KIND_CLIENT, 7, 2000, 5 * SECOND));
	ATF_CHECK_EQ(5 * SECOND + LOG_LIMIT_INTERVAL, log_limit_due(&limit));
	/* Nothing before its time, and all of it then. */
	tell(false, 64 * SECOND);
	ATF_CHECK_EQ(0, told.lines);
	tell(false, 65 * SECOND);
	ATF_CHECK_STREQ("7 line 2000 (the last of 1990 held "
			"back in 60 s)\n",
	    told.text);
	ATF_CHECK_EQ(LOG_LEVEL_INFO, told.level);
	ATF_CHECK_EQ(125 * SECOND, log_limit_due(&limit));
	tell(true, 66 * SECOND);
	ATF_CHECK_EQ(0, told.lines);
	ATF_CHECK_EQ(INT64_MAX, log_limit_due(&limit));
}

/* One line for each interval, until there was one without any. */
ATF_TC_WITHOUT_HEAD(goes_on);
ATF_TC_BODY(goes_on, tc)
{
	unsigned written = 0;

	for (int64_t s = 0; s < 600; s++) {
		written += take_many(LOG_KIND_CLIENT, 7, 3, s * SECOND);
		tell(false, s * SECOND);
		written += told.lines;
	}
	ATF_CHECK_EQ(LOG_LIMIT_BURST + 9, written);
	tell(false, 600 * SECOND);
	ATF_CHECK_EQ(1, told.lines);
	/* Still not silent for so long. */
	ATF_CHECK_EQ(0, take_many(LOG_KIND_CLIENT, 7, 1, 659 * SECOND));
	tell(false, 660 * SECOND);
	ATF_CHECK_STREQ(
	    "7 line 1 (the last of 1 held back in 60 s)\n", told.text);
	ATF_CHECK_EQ(LOG_LIMIT_BURST,
	    take_many(LOG_KIND_CLIENT, 7, 2 * LOG_LIMIT_BURST, 720 * SECOND));
}

/* Neither users nor kinds take each other's room; nobody's has its own. */
ATF_TC_WITHOUT_HEAD(apart);
ATF_TC_BODY(apart, tc)
{
	ATF_CHECK_EQ(LOG_LIMIT_BURST, take_many(LOG_KIND_CLIENT, 7, 99, 0));
	ATF_CHECK(take(LOG_KIND_CLIENT, 8, "another user", 0));
	ATF_CHECK(take(LOG_KIND_START, 7, "another kind", 0));
	ATF_CHECK_EQ(LOG_LIMIT_BURST, take_many(LOG_KIND_START, 9, 99, 0));
	take_many(LOG_KIND_OUTPUT, 9, 99, 0);
	ATF_CHECK(!take(LOG_KIND_CLIENT, 10, "of all too many", 0));
	ATF_CHECK_EQ(
	    LOG_LIMIT_BURST, take_many(LOG_KIND_SPACE, LOG_OF_NOBODY, 99, 0));
	ATF_CHECK(take(LOG_KIND_RUNNER, LOG_OF_NOBODY, "its own", 0));
	tell(true, SECOND / 2);
	ATF_CHECK(strstr(told.text,
		      "of all too many (the last of 1 "
		      "held back in 1 s)\n") != NULL);
	ATF_CHECK_EQ(5, told.lines);
}

/* More users than are told apart: bounded, and the sum is right. */
ATF_TC_WITHOUT_HEAD(many_users);
ATF_TC_BODY(many_users, tc)
{
	const unsigned users = 1000, each = 20;
	uint64_t count, sum;
	unsigned written = 0;

	for (uint32_t uid = 0; uid < users; uid++)
		written += take_many(LOG_KIND_CLIENT, uid, each, 0);
	ATF_CHECK_EQ(LOG_LIMIT_ALL, written);
	tell(false, LOG_LIMIT_INTERVAL);
	ATF_CHECK_EQ(LOG_LIMIT_USERS + 1, told.lines);
	ATF_CHECK(strstr(told.text,
		      "999 line 20 (the last of 19360 about several "
		      "users held back in 60 s)\n") != NULL);
	sum = written;
	for (const char *at = told.text;
	     (at = strstr(at, "the last of ")) != NULL; at++) {
		ATF_REQUIRE_EQ(1, sscanf(at, "the last of %" SCNu64, &count));
		sum += count;
	}
	ATF_CHECK_EQ(users * each, sum);
}

ATF_TC_WITHOUT_HEAD(long_line);
ATF_TC_BODY(long_line, tc)
{
	char text[2 * LOG_LIMIT_TEXT];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i <= LOG_LIMIT_BURST; i++)
		take(LOG_KIND_CLIENT, 7, text, 0);
	tell(true, 0);
	ATF_CHECK_EQ(LOG_LIMIT_TEXT - 1, strspn(told.text, "x"));
	ATF_CHECK_STREQ(" (the last of 1 held back in 0 s)\n",
	    told.text + LOG_LIMIT_TEXT - 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, burst);
	ATF_TP_ADD_TC(tp, goes_on);
	ATF_TP_ADD_TC(tp, apart);
	ATF_TP_ADD_TC(tp, many_users);
	ATF_TP_ADD_TC(tp, long_line);
	return atf_no_error();
}
