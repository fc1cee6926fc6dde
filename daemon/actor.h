/*
 * actor: who a peer is: the kernel's word for it, the names and groups that
 * the system has for that, and the role that weird.conf gives.
 */
#ifndef WEIR_ACTOR_H
#define WEIR_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/core/command.h"

/* An actor and the memory that it points into. */
struct peer {
	struct actor actor;
	char *name;
	char **groups; /* names, or numbers where there are none */
	uint32_t *gids;
	unsigned ngroups;
};

#define PEERS_KEPT 8
#define LOOKUPS_MAX 20			   /* of one user, */
#define LOOKUPS_PERIOD INT64_C(1000000000) /* ns */

/*
 * Peers as the system described them a moment ago: of a flood of connections
 * not all are looked up.  Zeroed: none.
 */
struct recent_peer {
	struct peer peer;
	int64_t since;	  /* uptime in ns */
	unsigned lookups; /* since then; 0: there is none */
};
struct recent_peers {
	struct recent_peer list[PEERS_KEPT];
	unsigned next; /* to be replaced */
};

/* Looks the user up; peer_free lets go of it. */
void peer_of(struct peer *, uint32_t uid, uint32_t gid, const struct config *);
/* The same; as it was found last where it was looked up too often. */
void peer_recent(struct peer *, struct recent_peers *, int64_t now,
    uint32_t uid, uint32_t gid, const struct config *);
void recent_peers_forget(struct recent_peers *);
/* Gives the role anew, after the configuration has changed. */
void peer_assign(struct peer *, const struct config *);
void peer_free(struct peer *);

const char *role_name(enum role);

#endif
