/* links: daemon/actor.c daemon/core/alloc.c ; libs: libbsd-overlay */
/* actor_test: who a peer is, and how often the system is asked for it. */

#include <sys/types.h>

#include <atf-c.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "daemon/actor.h"

#define ANN 1001
#define BOB 1002
#define SECOND INT64_C(1000000000)

static struct config config;
static unsigned lookups;
static gid_t newest_group; /* of everybody, besides the one they come with */

static struct peer find(struct recent_peers *, int64_t, uint32_t uid);
static bool is_in(const struct peer *, const char *);

/* In place of the system's. */
struct passwd *
getpwuid(uid_t uid)
{
	static struct passwd entry;
	static char name[16];

	lookups++;
	if (uid != ANN && uid != BOB)
		return NULL;
	snprintf(name, sizeof(name), "%s", uid == ANN ? "ann" : "bob");
	entry.pw_name = name;
	entry.pw_uid = uid;
	return &entry;
}

int
getgrouplist(const char *name, gid_t gid, gid_t *gids, int *count)
{
	(void)name;
	if (*count < 2) {
		*count = 2;
		return -1;
	}
	gids[0] = gid;
	gids[1] = newest_group;
	*count = 2;
	return 2;
}

struct group *
getgrgid(gid_t gid)
{
	static struct group entry;
	static char name[16];

	snprintf(name, sizeof(name), "g%u", (unsigned)gid);
	entry.gr_name = name;
	return &entry;
}

static struct peer
find(struct recent_peers *recent, int64_t now, uint32_t uid)
{
	struct peer peer;

	peer_recent(&peer, recent, now, uid, uid, &config);
	return peer;
}

static bool
is_in(const struct peer *peer, const char *group)
{
	for (unsigned i = 0; i < peer->actor.ngroups; i++)
		if (strcmp(peer->actor.groups[i], group) == 0)
			return true;
	return false;
}

ATF_TC_WITHOUT_HEAD(described);
ATF_TC_BODY(described, tc)
{
	struct peer peer;

	newest_group = 7;
	peer_of(&peer, ANN, 30, &config);
	ATF_CHECK_STREQ("ann", peer.actor.name);
	ATF_CHECK_EQ(2, peer.actor.ngroups);
	ATF_CHECK(is_in(&peer, "g30") && is_in(&peer, "g7"));
	ATF_CHECK_EQ(ROLE_NONE, peer.actor.role);
	peer_free(&peer);
	/* A number is nobody's name: no groups are asked for by it. */
	peer_of(&peer, 4711, 30, &config);
	ATF_CHECK_STREQ("4711", peer.actor.name);
	ATF_CHECK_EQ(1, peer.actor.ngroups);
	peer_free(&peer);
}

/* Whoever comes as people do is looked up each time. */
ATF_TC_WITHOUT_HEAD(looked_up);
ATF_TC_BODY(looked_up, tc)
{
	struct recent_peers recent = {0};
	char group[16];
	struct peer peer;

	for (int i = 0; i < 100; i++) {
		newest_group = (gid_t)(100 + i);
		snprintf(group, sizeof(group), "g%d", 100 + i);
		peer = find(&recent, 1 + i * SECOND / 10, ANN);
		ATF_CHECK_MSG(is_in(&peer, group), "%d", i);
		peer_free(&peer);
	}
	ATF_CHECK_EQ(100, lookups);
	recent_peers_forget(&recent);
}

ATF_TC_WITHOUT_HEAD(flood);
ATF_TC_BODY(flood, tc)
{
	struct recent_peers recent = {0};
	struct peer peer;
	int64_t now = 5;

	newest_group = 1;
	for (int i = 0; i < 1000; i++) {
		peer = find(&recent, now, ANN);
		ATF_CHECK_STREQ("ann", peer.actor.name);
		ATF_CHECK(is_in(&peer, "g1"));
		peer_free(&peer);
	}
	ATF_CHECK_EQ(LOOKUPS_MAX, lookups);
	newest_group = 2;
	peer = find(&recent, now + SECOND - 1, ANN);
	ATF_CHECK(is_in(&peer, "g1"));
	peer_free(&peer);
	/* Others are not concerned, */
	peer = find(&recent, now, BOB);
	ATF_CHECK_STREQ("bob", peer.actor.name);
	ATF_CHECK(is_in(&peer, "g2"));
	peer_free(&peer);
	/* nor what comes a second later, */
	peer = find(&recent, now + SECOND, ANN);
	ATF_CHECK(is_in(&peer, "g2"));
	peer_free(&peer);
	/* and after a reload all are looked up. */
	for (int i = 0; i < 100; i++) {
		peer = find(&recent, now + SECOND, ANN);
		peer_free(&peer);
	}
	newest_group = 3;
	recent_peers_forget(&recent);
	peer = find(&recent, now + SECOND, ANN);
	ATF_CHECK(is_in(&peer, "g3"));
	peer_free(&peer);
	recent_peers_forget(&recent);
}

/* More users than are kept. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct recent_peers recent = {0};

	for (int round = 0; round < 3; round++)
		for (uint32_t uid = 2000; uid < 2000 + 3 * PEERS_KEPT; uid++) {
			struct peer peer = find(&recent, 1, uid);
			char name[16];

			snprintf(name, sizeof(name), "%u", uid);
			ATF_CHECK_STREQ(name, peer.actor.name);
			ATF_CHECK_EQ(uid, peer.actor.uid);
			peer_free(&peer);
		}
	recent_peers_forget(&recent);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, described);
	ATF_TP_ADD_TC(tp, looked_up);
	ATF_TP_ADD_TC(tp, flood);
	ATF_TP_ADD_TC(tp, many);
	return atf_no_error();
}
