/* links: tests/scratch_daemon.c tests/transcript.c tests/transcript_json.c libproto/frame.c libproto/header.c libproto/scan.c libproto/message.c libproto/message_write.c libproto/unpack.c libproto/pack.c libproto/errors.c ; libs: msgpack jansson */
/*
 * protocol_test: what is said on the socket, held to the transcripts in golden.
 *
 * With WEIR_GOLDEN=write they are written anew; read them before they are kept.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scratch_daemon.h"
#include "tests/transcript.h"

static char *read_all(FILE *);
static void hold_to_golden(const char *);

/* The caller frees it. */
static char *
read_all(FILE *file)
{
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);

	ATF_REQUIRE(text != NULL);
	rewind(file);
	size = fread(text, 1, room - 1, file);
	text[size] = '\0';
	return text;
}

static void
hold_to_golden(const char *name)
{
	const char *source = getenv("WEIR_SRC"), *mode = getenv("WEIR_GOLDEN");
	char path[1024], *wanted, *said;
	FILE *script, *out = fopen("said", "w+");

	scratch_daemon_start();
	snprintf(path, sizeof(path), "%s/tests/golden/%s", source, name);
	script = fopen(path, "r");
	ATF_REQUIRE_MSG(script != NULL, "there is no %s", path);
	ATF_REQUIRE(out != NULL);
	transcript_replay(SCRATCH_SOCKET, script, out);
	scratch_daemon_stop();
	wanted = read_all(script);
	said = read_all(out);
	if (mode != NULL && strcmp(mode, "write") == 0) {
		script = freopen(path, "w", script);
		ATF_REQUIRE(script != NULL);
		fputs(said, script);
	} else if (strcmp(wanted, said) != 0) {
		fflush(NULL);
		snprintf(path, sizeof(path),
		    "diff -u %s/tests/golden/%s said >&2", source, name);
		if (system(path) != 0)
			atf_tc_fail_nonfatal(
			    "it is not what golden/%s says", name);
	}
	fclose(script);
	fclose(out);
	free(wanted);
	free(said);
}

#define GOLDEN_CASE(name, description)                       \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		hold_to_golden(#name);                       \
	}

GOLDEN_CASE(bytes, "messages byte for byte, right and wrong ones")
GOLDEN_CASE(engine, "hello, the engine's status, pause and resume")
GOLDEN_CASE(refusals, "parameters that do not fit, things that are not there")
GOLDEN_CASE(definitions, "storing, checking and looking at workflows")
GOLDEN_CASE(executions, "starting an execution and looking at it")
GOLDEN_CASE(control, "cancel, terminate, signals, approvals")
GOLDEN_CASE(again, "restart, rerun, retry and replay")
GOLDEN_CASE(hold, "pause, freeze, resume, of executions and of the engine")
GOLDEN_CASE(events, "watching events, from now on and from before")

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, engine);
	ATF_TP_ADD_TC(tp, refusals);
	ATF_TP_ADD_TC(tp, definitions);
	ATF_TP_ADD_TC(tp, executions);
	ATF_TP_ADD_TC(tp, control);
	ATF_TP_ADD_TC(tp, again);
	ATF_TP_ADD_TC(tp, hold);
	ATF_TP_ADD_TC(tp, events);
	return atf_no_error();
}
