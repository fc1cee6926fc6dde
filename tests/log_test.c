/* links: daemon/log.c ; libs: */
/* log_test: lines of the log. */

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"

ATF_TC(escape);
ATF_TC_HEAD(escape, tc)
{
	atf_tc_set_md_var(tc, "descr", "nothing in a line ends or colours it");
}
ATF_TC_BODY(escape, tc)
{
	char line[64], small[8];

	ATF_CHECK(log_escape("plain, and \xc3\xa4", line, sizeof(line)));
	ATF_CHECK_STREQ("plain, and \xc3\xa4", line);
	ATF_CHECK(log_escape("a\nb\x1b[31m\x7f", line, sizeof(line)));
	ATF_CHECK_STREQ("a\\nb\\x1b[31m\\x7f", line);
	ATF_CHECK(log_escape("1234567", small, sizeof(small)));
	ATF_CHECK(!log_escape("12345678", small, sizeof(small)));
	ATF_CHECK_STREQ("1234567", small);
	ATF_CHECK(!log_escape("12345\x1b", small, sizeof(small)));
	ATF_CHECK_STREQ("12345", small);
}

ATF_TC(levels);
ATF_TC_HEAD(levels, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "what the level leaves out is not written");
}
ATF_TC_BODY(levels, tc)
{
	char text[1024] = "", *line;
	int fd = open("log", O_RDWR | O_CREAT | O_TRUNC, 0600), saved;

	ATF_REQUIRE(fd != -1);
	saved = dup(STDERR_FILENO);
	ATF_REQUIRE(dup2(fd, STDERR_FILENO) != -1);
	log_open(LOG_TO_STDERR, LOG_LEVEL_WARN);
	log_debug("one");
	log_info("two");
	log_warn("three %d", 3);
	log_error("four\n");
	ATF_REQUIRE(dup2(saved, STDERR_FILENO) != -1);
	ATF_REQUIRE(pread(fd, text, sizeof(text) - 1, 0) > 0);
	line = strstr(text, "Z weird: ");
	ATF_REQUIRE(line != NULL);
	ATF_CHECK_EQ(0, strncmp(line, "Z weird: warn: three 3\n", 23));
	ATF_CHECK(strstr(text, "Z weird: error: four\\n\n") != NULL);
	ATF_CHECK_EQ(NULL, strstr(text, "one"));
	ATF_CHECK_EQ(NULL, strstr(text, "two"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, escape);
	ATF_TP_ADD_TC(tp, levels);
	return atf_no_error();
}
