/* links: tests/hostile.c tests/beside.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * hostile_crowd_test: more connections than there may be, than the daemon has
 * descriptors for, and ten thousand of them.
 */

#include <sys/resource.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/beside.h"
#include "tests/hostile.h"
#include "tests/scratch_daemon.h"

#define CROWD 10000
#define DESCRIPTORS 20000
/* Of each that is served: its buffers, events and who it is. */
#define EACH ((size_t)16 * 1024)
#define NOISE (12 * BESIDE_MIB)
#define SOMEBODY 65534

static msgpack_sbuffer hello;
static int fds[CROWD];

static bool set_descriptors(rlim_t);
static unsigned dial_all(unsigned, uid_t);
static unsigned ask_all(unsigned);
static void hang_up(unsigned);
static void
serve_crowd(const char *, unsigned, unsigned, const struct attack *);
static void crowd_in(void);

/* Whether this program, and weird, may have so many. */
static bool
set_descriptors(rlim_t n)
{
	struct rlimit limit = {n, n};

	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* How many were not sent away. */
static unsigned
dial_all(unsigned n, uid_t uid)
{
	unsigned served = 0;

	msgpack_sbuffer_init(&hello);
	hostile_request(&hello, 1, "hello", "{}");
	for (unsigned i = 0; i < n; i++) {
		fds[i] = hostile_dial_as(uid);
		(void)!send(fds[i], hello.data, hello.size, MSG_NOSIGNAL);
	}
	served = ask_all(n);
	msgpack_sbuffer_destroy(&hello);
	return served;
}

/* Reads one message of each: the answer to hello, or why there is none. */
static unsigned
ask_all(unsigned n)
{
	unsigned served = 0, refused = 0;
	char bytes[1024];

	for (unsigned i = 0; i < n; i++) {
		ssize_t got = recv(fds[i], bytes, sizeof(bytes), 0);

		ATF_REQUIRE_MSG(got > 0, "%u of %u: nothing", i, n);
		if (memmem(bytes, (size_t)got, "protocol", 8) != NULL)
			served++;
		else if (memmem(bytes, (size_t)got, "limit", 5) != NULL)
			refused++;
	}
	ATF_CHECK_EQ(n, served + refused);
	return served;
}

static void
hang_up(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

/* So many are dialed and so many of them served; then there are 10000. */
static void
serve_crowd(const char *conf, unsigned n, unsigned expected,
    const struct attack *attack)
{
	unsigned served;

	if (!set_descriptors(DESCRIPTORS))
		atf_tc_skip("there may not be 20000 descriptors");
	beside_begin(conf);
	served = dial_all(n, 0);
	ATF_CHECK_EQ_MSG(expected, served, "%u", served);
	hang_up(n);
	beside_attack(attack);
	beside_end();
}

static void
crowd_in(void)
{
	dial_all(CROWD, 0);
	attack_begun();
}

ATF_TC(most_refused);
ATF_TC_HEAD(most_refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "of 10000 connections 256 are served");
	atf_tc_set_md_var(tc, "require.user", "root");
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(most_refused, tc)
{
	static const struct attack attack = {
	    "10000 connections, 256 of them served", crowd_in,
	    256 * EACH + NOISE};

	serve_crowd("log: warn\n", 2000, 255, &attack);
}

ATF_TC(all_served);
ATF_TC_HEAD(all_served, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "10000 connections are served where they may be");
	atf_tc_set_md_var(tc, "require.user", "root");
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(all_served, tc)
{
	static const struct attack attack = {
	    "10000 connections, all of them served", crowd_in,
	    CROWD * EACH + NOISE};

	serve_crowd(
	    "log: warn\nlimits: {connections: 20000}\n", CROWD, CROWD, &attack);
}

ATF_TC(no_descriptors);
ATF_TC_HEAD(no_descriptors, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "clients are sent away while there are still descriptors, and "
	    "the daemon does not spin");
	atf_tc_set_md_var(tc, "require.user", "root");
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(no_descriptors, tc)
{
	unsigned served;
	long cpu;

	if (!set_descriptors(DESCRIPTORS))
		atf_tc_skip("there may not be 20000 descriptors");
	scratch_daemon_files(256);
	beside_begin("log: warn\nlimits: {connections: 20000}\n");
	served = dial_all(1000, 0);
	ATF_CHECK_MSG(served >= 100 && served <= 192, "%u of 1000", served);
	/* With all of them connected it computes nothing. */
	cpu = beside_cpu();
	poll(NULL, 0, 2000);
	cpu = beside_cpu() - cpu;
	printf("%u served with 256 descriptors; %ld ms of computing in 2 s\n",
	    served, cpu);
	ATF_CHECK_MSG(cpu < 500, "%ld ms of computing in 2 s", cpu);
	hang_up(1000);
	/* Once it has noticed, which it has to do for each. */
	while ((served = dial_all(50, 0)) < 50) {
		hang_up(50);
		poll(NULL, 0, 10);
	}
	beside_end();
}

ATF_TC(one_user);
ATF_TC_HEAD(one_user, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "one user has 64 connections; some are kept for root");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(one_user, tc)
{
	unsigned served;

	beside_begin("");
	served = dial_all(200, SOMEBODY);
	ATF_CHECK_EQ_MSG(64, served, "%u", served);
	hang_up(200);
	beside_end();
	beside_begin("limits: {connections: 64, connections_per_user: 100}\n");
	served = dial_all(100, SOMEBODY);
	/* Less a sixteenth, and the good client's own. */
	ATF_CHECK_EQ_MSG(59, served, "%u", served);
	ATF_CHECK(hostile_dial() != -1);
	close(hostile_dial());
	hang_up(100);
	beside_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, most_refused);
	ATF_TP_ADD_TC(tp, all_served);
	ATF_TP_ADD_TC(tp, no_descriptors);
	ATF_TP_ADD_TC(tp, one_user);
	return atf_no_error();
}
