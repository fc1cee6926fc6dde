/* daemon_race: two things that happen at once to a real daemon. */

#include "tests/daemon_race.h"

#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libproto/weir.h"
#include "tests/race_text.h"
#include "tests/scratch_daemon.h"
#include "tests/test_length.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms */
#define TIMES 16
#define TIMES_LONG 800
#define TEXT 1024
#define ENDED "'completed', 'failed', 'timed_out', 'canceled', 'terminated'"

struct track {
	const struct race *race;
	struct weir *peers[2];
	char gates[256];	  /* how the paths of this execution's begin */
	int held[RACE_GATES + 1]; /* writing ends by number; -1: none */
	uint64_t id;
	uint64_t ids[TIMES_LONG];
	unsigned times;
	/* Microseconds from the gates to the requests; negative: before. */
	long gap;
	long step;
	enum race_first before; /* who came first, the last time that showed */
	unsigned seen[RACE_WAYS];
	uint32_t asked[2];
	char answers[2][64];
};

static void open_peers(struct track *);
static void close_peers(struct track *);
static void make_gates(struct track *, unsigned);
static void take_gate(struct track *, unsigned);
static void open_gates(struct track *, const char *);
static char *in_full(const struct track *, const char *);
static void pack_request(
    const struct track *, const char *, char method[64], msgpack_sbuffer *);
static void call(struct track *, const char *, struct weir_message *);
static void start(struct track *);
static void send_asks(struct track *, unsigned);
static void hear(struct track *, struct weir *, int timeout);
static void wait_us(long);
static void once(struct track *, unsigned);
static void await(struct track *, const char *statuses);
static void await_engine(struct track *);
static void await_rest(struct track *);
static void add_text(struct track *, char text[TEXT]);
static void settle_way(struct track *, const char *);
static void mind_gap(struct track *, enum race_first);
static void tell(const struct track *);
static char *all_known(struct track *);

static void
open_peers(struct track *t)
{
	for (unsigned i = 0; i < 2; i++) {
		t->peers[i] = weir_open(SCRATCH_SOCKET);
		ATF_REQUIRE_MSG(t->peers[i] != NULL, "%s", strerror(errno));
	}
}

static void
close_peers(struct track *t)
{
	for (unsigned i = 0; i < 2; i++)
		weir_close(t->peers[i]);
}

static void
make_gates(struct track *t, unsigned time)
{
	char path[512], here[128];

	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	snprintf(t->gates, sizeof(t->gates), "%s/g%u.", here, time);
	for (unsigned n = 1; n <= RACE_GATES; n++) {
		snprintf(path, sizeof(path), "%s%u", t->gates, n);
		ATF_REQUIRE_EQ(0, mkfifo(path, 0600));
		t->held[n] = -1;
	}
}

/* Comes back when a callout stands at the gate. */
static void
take_gate(struct track *t, unsigned n)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%u", t->gates, n);
	for (int i = 0; t->held[n] == -1; i++) {
		t->held[n] = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		ATF_REQUIRE_MSG(t->held[n] != -1 || errno == ENXIO, "%s: %s",
		    path, strerror(errno));
		ATF_REQUIRE_MSG(i < PATIENCE, "nobody came to %s", path);
		if (t->held[n] == -1)
			poll(NULL, 0, 1);
	}
}

static void
open_gates(struct track *t, const char *which)
{
	while (which != NULL && *which != '\0') {
		unsigned n = (unsigned)(which[0] - '0');
		char status[2] = {which[2], '\n'};

		take_gate(t, n);
		/* Who stood there may have been killed. */
		ATF_REQUIRE(
		    write(t->held[n], status, 2) == 2 || errno == EPIPE);
		close(t->held[n]);
		t->held[n] = -1;
		which += 3;
		which += strspn(which, " ");
	}
}

/* With the id for each #; the caller frees it. */
static char *
in_full(const struct track *t, const char *text)
{
	char *full = NULL;
	size_t size;
	FILE *f = open_memstream(&full, &size);

	ATF_REQUIRE(f != NULL);
	for (; *text != '\0'; text++)
		if (*text == '#')
			fprintf(f, "%" PRIu64, t->id);
		else
			fputc(*text, f);
	fclose(f);
	return full;
}

static void
pack_request(const struct track *t, const char *text, char method[64],
    msgpack_sbuffer *params)
{
	char *full = in_full(t, text);
	size_t length = strcspn(full, " ");
	msgpack_packer packer;

	snprintf(method, 64, "%.*s", (int)length, full);
	msgpack_sbuffer_init(params);
	msgpack_packer_init(&packer, params, msgpack_sbuffer_write);
	if (full[length] != '\0')
		json_to_msgpack(full + length, &packer);
	free(full);
}

static void
call(struct track *t, const char *text, struct weir_message *answer)
{
	char method[64];
	msgpack_sbuffer params;
	int error;

	pack_request(t, text, method, &params);
	error = weir_call(
	    t->peers[0], method, params.data, params.size, PATIENCE, answer);
	ATF_REQUIRE_MSG(error == WEIR_OK, "%s: %s", text,
	    error < 0 ? weir_strerror(error) : answer->text);
	msgpack_sbuffer_destroy(&params);
}

static void
start(struct track *t)
{
	const char *name =
	    strstr(t->race->definitions[1], "'workflow': '") + 13;
	struct weir_message answer;
	char text[1024];

	snprintf(text, sizeof(text),
	    "execution.start {'workflow': '%.*s', 'input': {'gate': '%s'}}",
	    (int)strcspn(name, "'"), name, t->gates);
	call(t, text, &answer);
	t->id = race_id(&answer);
}

static void
send_asks(struct track *t, unsigned time)
{
	const struct race *race = t->race;
	bool swap = race->turns && time % 2 == 1;

	for (unsigned i = 0; i < 2 && race->ask[i] != NULL; i++) {
		unsigned n = swap ? 1 - i : i;
		struct weir *peer = t->peers[race->apart ? n : 0];
		char method[64];
		msgpack_sbuffer params;
		int64_t id;

		pack_request(t, race->ask[n], method, &params);
		id = weir_send(peer, method, params.data, params.size);
		ATF_REQUIRE(id >= 0);
		t->asked[n] = (uint32_t)id;
		t->answers[n][0] = '\0';
		msgpack_sbuffer_destroy(&params);
		if (race->apart)
			hear(t, peer, 0); /* it goes out, in this order */
	}
	hear(t, t->peers[0], 0);
}

/* One answer, where one comes in time. */
static void
hear(struct track *t, struct weir *peer, int timeout)
{
	struct weir_message answer;
	int error = weir_receive(peer, timeout, &answer);

	if (error == WEIR_ETIMEOUT && timeout == 0)
		return;
	ATF_REQUIRE_MSG(error == WEIR_OK, "%s", weir_strerror(error));
	for (unsigned i = 0; i < 2; i++)
		if (t->race->ask[i] != NULL && t->answers[i][0] == '\0' &&
		    t->peers[t->race->apart ? i : 0] == peer &&
		    t->asked[i] == answer.msgid) {
			race_answer(&answer, t->answers[i]);
		}
}

/* The race is about moments: they are met by counting the time off. */
static void
wait_us(long us)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += us % 1000000 * 1000;
	end.tv_sec += us / 1000000 + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec < end.tv_sec ||
	    (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

static void
await(struct track *t, const char *statuses)
{
	struct weir_message answer;
	char text[256];

	snprintf(text, sizeof(text),
	    "execution.wait {'id': #, 'status': [%s], 'timeout': 60000000000}",
	    statuses);
	call(t, text, &answer);
	if (!race_status_is(&answer, statuses))
		atf_tc_fail("%s: it never becomes one of %s",
		    race_text(t->peers[0], t->id, PATIENCE), statuses);
}

static void
await_engine(struct track *t)
{
	struct weir_message answer;

	for (int i = 0; i < PATIENCE; i++) {
		call(t, "engine.status", &answer);
		if (race_status_is(&answer, "'PAUSED'"))
			return;
		poll(NULL, 0, 1);
	}
	atf_tc_fail("the engine is never PAUSED");
}

static void
await_rest(struct track *t)
{
	if (t->race->engine)
		await_engine(t);
	else
		await(t, ENDED ", 'paused'");
}

static void
add_text(struct track *t, char text[TEXT])
{
	char *more = race_text(t->peers[0], t->id, PATIENCE);
	size_t size = strlen(text);

	snprintf(text + size, TEXT - size, "%s", more);
	free(more);
}

static void
once(struct track *t, unsigned time)
{
	const struct race *race = t->race;
	char text[TEXT] = "";
	struct weir_message answer;

	make_gates(t, time);
	start(t);
	t->ids[time] = t->id;
	for (unsigned n = 1; n <= race->gates; n++)
		take_gate(t, n);
	open_gates(t, race->first);
	if (race->until != NULL)
		await(t, race->until);
	if (race->setup != NULL)
		call(t, race->setup, &answer);
	if (t->gap < 0) {
		send_asks(t, time);
		wait_us(-t->gap);
		open_gates(t, race->opens);
	} else {
		open_gates(t, race->opens);
		wait_us(t->gap);
		send_asks(t, time);
	}
	for (unsigned i = 0; i < 2 && race->ask[i] != NULL; i++)
		while (t->answers[i][0] == '\0')
			hear(t, t->peers[race->apart ? i : 0], PATIENCE);
	open_gates(t, race->after);
	await_rest(t);
	snprintf(text, sizeof(text), "%s%s%s | ", t->answers[0],
	    race->ask[1] == NULL ? "" : ", ",
	    race->ask[1] == NULL ? "" : t->answers[1]);
	add_text(t, text);
	if (race->engine || strstr(text, "| paused") != NULL) {
		call(t, race->finish, &answer);
		await(t, ENDED);
		strlcat(text, " > ", sizeof(text));
		add_text(t, text);
	}
	race_all_ended(t->peers[0], t->id, PATIENCE);
	settle_way(t, text);
}

static void
settle_way(struct track *t, const char *text)
{
	for (unsigned i = 0; i < RACE_WAYS; i++)
		if (t->race->ways[i].text != NULL &&
		    strcmp(t->race->ways[i].text, text) == 0) {
			t->seen[i]++;
			mind_gap(t, t->race->ways[i].first);
			return;
		}
	printf("execution %" PRIu64 ", gap %ld us\n", t->id, t->gap);
	atf_tc_fail("no way for it to end: %s", text);
}

/* Goes to where the one order becomes the other, and stays near. */
static void
mind_gap(struct track *t, enum race_first first)
{
	if (t->race->opens == NULL && t->race->delay == 0)
		return; /* the requests race with each other alone */
	if (first == RACE_EITHER) {
		t->gap = (t->gap + 1300) % 4000 - 400;
		return;
	}
	if (t->before != RACE_EITHER && first != t->before && t->step > 40)
		t->step /= 2;
	else if (first == t->before && t->step < 4000)
		t->step += t->step / 2;
	t->before = first;
	t->gap += first == RACE_REQUEST ? t->step : -t->step;
}

static void
tell(const struct track *t)
{
	unsigned first[3] = {0};

	for (unsigned i = 0; i < RACE_WAYS; i++) {
		if (t->race->ways[i].text == NULL)
			continue;
		first[t->race->ways[i].first] += t->seen[i];
		printf("%5u times: %s\n", t->seen[i], t->race->ways[i].text);
	}
	printf("%u times: the request first %u, the other first %u, no telling "
	       "%u; the last gap %ld us\n",
	    t->times, first[RACE_REQUEST], first[RACE_OTHER],
	    first[RACE_EITHER], t->gap);
}

/* All that is told of all executions; the caller frees it. */
static char *
all_known(struct track *t)
{
	char *known = NULL;
	size_t size;
	FILE *f = open_memstream(&known, &size);

	ATF_REQUIRE(f != NULL);
	race_await_idle(t->peers[0], PATIENCE);
	for (unsigned i = 0; i < t->times; i++)
		race_write_known(t->peers[0], t->ids[i], PATIENCE, f);
	fclose(f);
	return known;
}

void
race_run(const struct race *race)
{
	struct track t = {.race = race, .step = 300, .gap = race->delay + 300};
	struct weir_message answer;
	char *before, *after, text[4096];

	signal(SIGPIPE, SIG_IGN);
	t.times = runs_long() ? TIMES_LONG : TIMES;
	scratch_daemon_start();
	open_peers(&t);
	for (unsigned i = 0; i < 2; i++) {
		if (race->definitions[i] == NULL)
			continue;
		snprintf(text, sizeof(text),
		    "definition.put {'definition': %s}", race->definitions[i]);
		call(&t, text, &answer);
	}
	for (unsigned i = 0; i < t.times; i++)
		once(&t, i);
	tell(&t);
	before = all_known(&t);
	close_peers(&t);
	scratch_daemon_kill();
	scratch_daemon_start();
	open_peers(&t);
	after = all_known(&t);
	ATF_REQUIRE_MSG(strcmp(before, after) == 0,
	    "after kill -9:\n%s\nit was:\n%s", after, before);
	close_peers(&t);
	scratch_daemon_stop();
	free(before);
	free(after);
}
