/* links: tests/fault_scene.c tests/fault_life.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * fault_memory_test: each allocation of the daemon fails in turn.  It ends and
 * says so, and the one started after it has everything.
 */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault_scene.h"
#include "tests/test_length.h"

#define SHORT 60 /* of the allocations */

ATF_TC(daemon);
ATF_TC_HEAD(daemon, tc)
{
	atf_tc_set_md_var(tc, "descr", "each allocation fails in turn");
	atf_tc_set_md_var(tc, "timeout", "7200");
}
ATF_TC_BODY(daemon, tc)
{
	static const enum fault_call calls[] = {FAULT_alloc};

	(void)tc;
	if (build_is("san"))
		atf_tc_skip("the sanitizers have an allocator of their own");
	fault_sweep(FAULT_IN_DAEMON, calls, 1, runs_long() ? 0 : SHORT);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, daemon);
	return atf_no_error();
}
