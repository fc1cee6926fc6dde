/* links: tests/crash_daemon.c tests/crash_trace.c tests/crash_ledger.c
 * tests/crash_attempt.c tests/crash_client.c tests/told.c tests/race_text.c
 * tests/transcript_json.c libweir.a ; libs: msgpack jansson libbsd-overlay
 * pthread atf-c */
/*
 * upgrade_test: a newer build of the daemon takes over, with commands running
 * at runners of the older build, which speak an older protocol.
 */

#include <atf-c.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash_client.h"

#define PATIENCE 30000 /* ms */
#define OLD_COMMANDS 4

static void begin_commands(struct ledger *, unsigned, const char *delay);
static unsigned begun(struct ledger *);
static bool is_older(pid_t);
static unsigned count_older(const struct crash_daemon *);
static pid_t parent_of(pid_t);
static void check_parents(struct ledger *, unsigned first);

static void
begin_commands(struct ledger *l, unsigned n, const char *delay)
{
	struct weir *weir = weir_open(l->daemon->socket);
	unsigned before = begun(l);

	ATF_REQUIRE(weir != NULL);
	for (unsigned i = 0; i < n; i++)
		ATF_REQUIRE(client_do(l, 0, weir,
		    ledger_record(l, 0, FLOW_FAIL), VERB_START, delay));
	weir_close(weir);
	for (int i = 0; begun(l) < before + n; i++) {
		ATF_REQUIRE_MSG(i < PATIENCE, "commands never begin");
		poll(NULL, 0, 1);
	}
}

/* How many commands have written that they began. */
static unsigned
begun(struct ledger *l)
{
	FILE *f = fopen(l->daemon->trace, "r");
	char line[128];
	unsigned n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += line[0] == 'b';
	if (f != NULL)
		fclose(f);
	return n;
}

static bool
is_older(pid_t pid)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return strstr(path, "/newer/") == NULL;
}

static unsigned
count_older(const struct crash_daemon *d)
{
	pid_t pids[16];
	unsigned n = crash_runners(d, pids, 16), older = 0;

	for (unsigned i = 0; i < n; i++)
		older += is_older(pids[i]);
	return older;
}

static pid_t
parent_of(pid_t pid)
{
	char path[64];
	int parent;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	ATF_REQUIRE_MSG(f != NULL, "command %d has ended already", (int)pid);
	ATF_REQUIRE_EQ(1, fscanf(f, "%*d (%*[^)]) %*c %d", &parent));
	fclose(f);
	return parent;
}

/* All but the first so many are at runners of the newer kind. */
static void
check_parents(struct ledger *l, unsigned first)
{
	FILE *f = fopen(l->daemon->trace, "r");
	char line[128];
	unsigned n = 0;
	int pid;

	ATF_REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "b %*s %d", &pid) == 1)
			ATF_CHECK_EQ(n++ < first, is_older(parent_of(pid)));
	fclose(f);
}

static void
upgrade(bool killed)
{
	static struct ledger l; /* large */
	struct crash_daemon d;
	char newer[PATH_MAX], runner[PATH_MAX + 16], go[sizeof(d.dir) + 4];

	signal(SIGPIPE, SIG_IGN);
	crash_daemon_make(&d, "u", 2);
	snprintf(go, sizeof(go), "%s/go", d.dir);
	snprintf(newer, sizeof(newer), "%s/newer", getenv("WEIR_BIN"));
	snprintf(runner, sizeof(runner), "%s/weir-runner", newer);
	ledger_make(&l, &d, 1);
	crash_daemon_up(&d);
	ledger_define(&l);
	begin_commands(&l, OLD_COMMANDS, go);
	ATF_CHECK_EQ(2, count_older(&d));
	if (killed)
		crash_daemon_kill(&d);
	else
		crash_daemon_stop(&d);
	crash_daemon_runner(&d, 2, runner);
	crash_daemon_start(&d, NULL, newer);
	ATF_REQUIRE(crash_daemon_listens(&d));
	begin_commands(&l, OLD_COMMANDS, go);
	check_parents(&l, OLD_COMMANDS);
	atf_utils_create_file(go, "%s", "");
	ledger_settle(&l);
	ledger_check(&l, true);
	ATF_CHECK_EQ(0, l.lost);
	ATF_CHECK_EQ(2 * OLD_COMMANDS, l.exited);
	for (int i = 0; count_older(&d) > 0; i++) {
		ATF_REQUIRE_MSG(i < PATIENCE / 5, "older runners never leave");
		poll(NULL, 0, 5);
	}
	crash_daemon_stop(&d);
	crash_daemon_remove(&d);
	ledger_free(&l);
}

ATF_TC(after_stop);
ATF_TC_HEAD(after_stop, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a restart into a newer build: what older runners run is adopted "
	    "with its true status, new work goes to newer ones, and the older "
	    "ones leave when all is collected");
}
ATF_TC_BODY(after_stop, tc)
{
	upgrade(false);
}

ATF_TC(after_kill);
ATF_TC_HEAD(after_kill, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "the same where the older daemon was killed");
}
ATF_TC_BODY(after_kill, tc)
{
	upgrade(true);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, after_stop);
	ATF_TP_ADD_TC(tp, after_kill);
	return atf_no_error();
}
