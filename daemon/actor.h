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

/* False when the kernel does not say who it is. */
bool peer_identify(struct peer *, int fd, const struct config *);
/* The same for a uid and gid: the daemon's own, in tests any. */
void peer_of(struct peer *, uint32_t uid, uint32_t gid, const struct config *);
/* Gives the role anew, after the configuration has changed. */
void peer_assign(struct peer *, const struct config *);
void peer_free(struct peer *);

const char *role_name(enum role);

#endif
