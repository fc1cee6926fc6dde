/* actor: peers, their names and roles */

#include <sys/types.h>

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/actor.h"
#include "daemon/core/alloc.h"

static char *number_name(unsigned long);
static void describe(struct peer *, const struct config *);
static void look_up(struct recent_peer *, int64_t, uint32_t uid, uint32_t gid,
    const struct config *);
static void forget(struct recent_peer *);
static void copy(struct peer *, const struct peer *, const struct config *);
static void find_groups(struct peer *, gid_t, bool named);
static bool is_member(const struct peer *, const struct role_members *);
static bool is_listed(const struct names *, const char *, uint32_t);
static bool is_meant(const char *, const char *, uint32_t);

void
peer_of(
    struct peer *peer, uint32_t uid, uint32_t gid, const struct config *config)
{
	/* cppcheck-suppress getpwuidCalled ; no other thread does */
	const struct passwd *entry = getpwuid(uid);

	memset(peer, 0, sizeof(*peer));
	peer->name = entry != NULL ? xstrdup(entry->pw_name) : number_name(uid);
	find_groups(peer, gid, entry != NULL);
	peer->actor.uid = uid;
	peer->actor.gid = gid;
	describe(peer, config);
}

/* What the actor has of the peer. */
static void
describe(struct peer *peer, const struct config *config)
{
	peer->actor.name = peer->name;
	peer->actor.groups = (const char *const *)peer->groups;
	peer->actor.ngroups = peer->ngroups;
	peer_assign(peer, config);
}

void
peer_recent(struct peer *peer, struct recent_peers *recent, int64_t now,
    uint32_t uid, uint32_t gid, const struct config *config)
{
	struct recent_peer *found = NULL;

	for (unsigned i = 0; i < PEERS_KEPT && found == NULL; i++)
		if (recent->list[i].lookups > 0 &&
		    recent->list[i].peer.actor.uid == uid &&
		    recent->list[i].peer.actor.gid == gid)
			found = &recent->list[i];
	if (found == NULL) {
		found = &recent->list[recent->next++ % PEERS_KEPT];
		forget(found);
	}
	if (now - found->since >= LOOKUPS_PERIOD ||
	    found->lookups < LOOKUPS_MAX)
		look_up(found, now, uid, gid, config);
	copy(peer, &found->peer, config);
}

static void
look_up(struct recent_peer *found, int64_t now, uint32_t uid, uint32_t gid,
    const struct config *config)
{
	unsigned lookups = found->lookups;
	int64_t since = found->since;

	forget(found);
	if (lookups == 0 || now - since >= LOOKUPS_PERIOD) {
		lookups = 0;
		since = now;
	}
	peer_of(&found->peer, uid, gid, config);
	found->lookups = lookups + 1;
	found->since = since;
}

static void
forget(struct recent_peer *found)
{
	if (found->lookups > 0)
		peer_free(&found->peer);
	memset(found, 0, sizeof(*found));
}

static void
copy(struct peer *peer, const struct peer *from, const struct config *config)
{
	*peer = *from;
	peer->name = xstrdup(from->name);
	peer->groups = xcalloc((size_t)from->ngroups + 1, sizeof(char *));
	peer->gids = xcalloc((size_t)from->ngroups + 1, sizeof(*peer->gids));
	for (unsigned i = 0; i < from->ngroups; i++) {
		peer->groups[i] = xstrdup(from->groups[i]);
		peer->gids[i] = from->gids[i];
	}
	describe(peer, config);
}

void
recent_peers_forget(struct recent_peers *recent)
{
	for (unsigned i = 0; i < PEERS_KEPT; i++)
		forget(&recent->list[i]);
}

static char *
number_name(unsigned long number)
{
	return xasprintf("%lu", number);
}

/* Those that the system lists for the user, and the one that it came with. */
static void
find_groups(struct peer *peer, gid_t gid, bool named)
{
	gid_t *gids = NULL;
	int count = 16, room;

	do {
		room = count;
		gids = xreallocarray(gids, (size_t)room, sizeof(*gids));
		count = room;
	} while (named && getgrouplist(peer->name, gid, gids, &count) == -1 &&
	    count > room);
	/* A number is nobody's name: somebody else may be called so. */
	if (!named) {
		gids[0] = gid;
		count = 1;
	}
	peer->groups = xcalloc((size_t)count + 1, sizeof(*peer->groups));
	peer->gids = xcalloc((size_t)count + 1, sizeof(*peer->gids));
	for (int i = 0; i < count; i++) {
		/* cppcheck-suppress getgrgidCalled ; no other thread does */
		const struct group *group = getgrgid(gids[i]);

		peer->gids[peer->ngroups] = gids[i];
		peer->groups[peer->ngroups++] = group != NULL
		    ? xstrdup(group->gr_name)
		    : number_name(gids[i]);
	}
	free(gids);
}

void
peer_assign(struct peer *peer, const struct config *config)
{
	struct actor *actor = &peer->actor;

	actor->role = ROLE_NONE;
	for (int role = ROLE_VIEWER; role <= ROLE_ADMIN; role++)
		if (is_member(peer, &config->roles[role]))
			actor->role = (enum role)role;
	if (actor->uid == 0 || actor->uid == geteuid())
		actor->role = ROLE_ADMIN;
	actor->operates_any = actor->role == ROLE_ADMIN ||
	    (actor->role == ROLE_OPERATOR && config->operator_any);
}

static bool
is_member(const struct peer *peer, const struct role_members *members)
{
	if (is_listed(&members->users, peer->name, peer->actor.uid))
		return true;
	for (unsigned i = 0; i < peer->ngroups; i++)
		if (is_listed(&members->groups, peer->groups[i], peer->gids[i]))
			return true;
	return false;
}

static bool
is_listed(const struct names *names, const char *name, uint32_t id)
{
	for (unsigned i = 0; i < names->count; i++)
		if (is_meant(names->list[i], name, id))
			return true;
	return false;
}

/* Digits are a number, whoever may have them for a name. */
static bool
is_meant(const char *listed, const char *name, uint32_t id)
{
	char number[16];

	if (listed[strspn(listed, "0123456789")] != '\0')
		return strcmp(listed, name) == 0;
	snprintf(number, sizeof(number), "%lu", (unsigned long)id);
	return strcmp(listed, number) == 0;
}

void
peer_free(struct peer *peer)
{
	for (unsigned i = 0; i < peer->ngroups; i++)
		free(peer->groups[i]);
	free(peer->groups);
	free(peer->gids);
	free(peer->name);
}

const char *
role_name(enum role role)
{
	static const char *const names[] = {
	    [ROLE_NONE] = "none",
	    [ROLE_VIEWER] = "viewer",
	    [ROLE_OPERATOR] = "operator",
	    [ROLE_ADMIN] = "admin",
	};

	return names[role];
}
