/* links: daemon/space_rules.c */
/*
 * space_test: how much space is enough: on disks of all sizes, and in the
 * journal for the endings of what runs.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/space_rules.h"

#define MIB UINT64_C(1048576)

static struct config config = {
    .callouts = {.output_max = 1024 * 1024},
    .limits = {.message = 1024 * 1024},
};

/* The rule and what it keeps, for a disk with so much free. */
static const char *
lacks(uint64_t size, uint64_t free, bool was_short, uint64_t *kept)
{
	const struct space_facts facts = {.size = size,
	    .free = free,
	    .inodes = 100000,
	    .free_inodes = 50000,
	    .was_short = was_short};

	return space_lacks(&facts, kept);
}

ATF_TC(reserve);
ATF_TC_HEAD(reserve, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "a hundredth of the disk, 64 MiB at most");
}
ATF_TC_BODY(reserve, tc)
{
	static const struct {
		uint64_t size, kept;
	} disks[] = {
	    {1024 * 1024 * MIB, 64 * MIB},
	    {6400 * MIB, 64 * MIB},
	    {1000 * MIB, 10 * MIB},
	    {MIB, MIB / 16},
	};
	uint64_t kept;

	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		uint64_t size = disks[i].size, edge = disks[i].kept;

		ATF_CHECK_EQ(NULL, lacks(size, edge, false, &kept));
		ATF_CHECK_STREQ("bytes", lacks(size, edge - 1, false, &kept));
		ATF_CHECK_EQ(edge, kept);
		/* It takes more for it to be over. */
		ATF_CHECK_STREQ("bytes", lacks(size, edge, true, &kept));
		ATF_CHECK_EQ(NULL, lacks(size, edge + edge / 4, true, &kept));
	}
}

ATF_TC(own_reserve);
ATF_TC_HEAD(own_reserve, tc)
{
	atf_tc_set_md_var(tc, "descr", "storage.reserve stands as it is");
}
ATF_TC_BODY(own_reserve, tc)
{
	struct space_facts facts = {
	    .size = 1000 * MIB, .free = 500 * MIB, .reserve = 500 * MIB};
	uint64_t kept;

	ATF_CHECK_EQ(NULL, space_lacks(&facts, &kept));
	facts.free--;
	ATF_CHECK_STREQ("bytes", space_lacks(&facts, &kept));
	ATF_CHECK_EQ(500 * MIB, kept);
}

ATF_TC(inodes);
ATF_TC_HEAD(inodes, tc)
{
	atf_tc_set_md_var(tc, "descr", "inodes, where there are so many");
}
ATF_TC_BODY(inodes, tc)
{
	static const struct {
		uint64_t inodes, kept;
	} disks[] = {{64, 16}, {10000, 100}, {100000000, 1024}};
	struct space_facts facts = {.size = 1000 * MIB, .free = 900 * MIB};
	uint64_t kept;

	ATF_CHECK_EQ(NULL, space_lacks(&facts, &kept));
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		facts.inodes = disks[i].inodes;
		facts.free_inodes = disks[i].kept;
		ATF_CHECK_EQ(NULL, space_lacks(&facts, &kept));
		facts.free_inodes--;
		ATF_CHECK_STREQ("inodes", space_lacks(&facts, &kept));
		ATF_CHECK_EQ(disks[i].kept, kept);
	}
}

ATF_TC(endings);
ATF_TC_HEAD(endings, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each callout has room for the largest output, and its lines");
}
ATF_TC_BODY(endings, tc)
{
	uint64_t ending = space_ending(&config), margin = space_margin(&config);

	ATF_CHECK(ending > MIB + MIB / 33);
	ATF_CHECK(margin > (uint64_t)config.limits.message);
	ATF_CHECK_EQ(0, space_callouts(0, ending, margin));
	ATF_CHECK_EQ(0, space_callouts(margin, ending, margin));
	ATF_CHECK_EQ(0, space_callouts(margin + ending - 1, ending, margin));
	ATF_CHECK_EQ(1, space_callouts(margin + ending, ending, margin));
	ATF_CHECK_EQ(64, space_callouts(margin + 64 * ending, ending, margin));
	ATF_CHECK_EQ(UINT32_MAX, space_callouts(UINT64_MAX, 1, margin));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reserve);
	ATF_TP_ADD_TC(tp, own_reserve);
	ATF_TP_ADD_TC(tp, inodes);
	ATF_TP_ADD_TC(tp, endings);
	return atf_no_error();
}
