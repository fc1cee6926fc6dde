/* session_count: how many sessions there are of each user and process */

#include <sys/socket.h>

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/session_parts.h"

struct session_user {
	RB_ENTRY(session_user) entry;
	uint32_t uid;
	unsigned count;	 /* of sessions; never 0 */
	unsigned active; /* processes that have sessions that are ready */
	LIST_HEAD(, session_process) processes;
};
RB_HEAD(user_tree, session_user);

struct session_process {
	LIST_ENTRY(session_process) entry;
	struct session_user *user;
	pid_t pid;
	unsigned count; /* of sessions; never 0 */
	unsigned ready; /* of them */
};

struct session_users {
	struct user_tree tree;
};

static int compare(const struct session_user *, const struct session_user *);
static struct session_user *find(const struct session_users *, uint32_t);
static pid_t pid_of(int);

RB_PROTOTYPE(user_tree, session_user, entry, compare)
RB_GENERATE(user_tree, session_user, entry, compare)

static int
compare(const struct session_user *a, const struct session_user *b)
{
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

struct session_users *
session_users_new(void)
{
	struct session_users *users = xcalloc(1, sizeof(*users));

	RB_INIT(&users->tree);
	return users;
}

/* Of nobody any more. */
void
session_users_free(struct session_users *users)
{
	free(users);
}

static struct session_user *
find(const struct session_users *users, uint32_t uid)
{
	struct session_user key = {.uid = uid};
	struct user_tree *tree = (struct user_tree *)&users->tree;

	return RB_FIND(user_tree, tree, &key);
}

struct session_process *
session_process_take(struct session_users *users, uint32_t uid, int fd)
{
	struct session_user *user = find(users, uid);
	struct session_process *process;
	pid_t pid = pid_of(fd);

	if (user == NULL) {
		user = xcalloc(1, sizeof(*user));
		user->uid = uid;
		RB_INSERT(user_tree, &users->tree, user);
	}
	user->count++;
	LIST_FOREACH (process, &user->processes, entry)
		if (process->pid == pid)
			break;
	if (process == NULL) {
		process = xcalloc(1, sizeof(*process));
		process->user = user;
		process->pid = pid;
		LIST_INSERT_HEAD(&user->processes, process, entry);
	}
	process->count++;
	return process;
}

/* As which it connected; 0 where the system does not say so. */
static pid_t
pid_of(int fd)
{
#if defined(__linux__) || defined(__OpenBSD__)
#ifdef __OpenBSD__
	struct sockpeercred peer;
#else
	struct ucred peer;
#endif
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		return peer.pid;
#endif
	(void)fd;
	return 0;
}

void
session_process_drop(
    struct session_users *users, struct session_process *process)
{
	struct session_user *user = process->user;

	if (--process->count == 0) {
		LIST_REMOVE(process, entry);
		free(process);
	}
	if (--user->count > 0)
		return;
	RB_REMOVE(user_tree, &users->tree, user);
	free(user);
}

void
session_process_ready(struct session_process *process, bool is)
{
	if (is && process->ready++ == 0)
		process->user->active++;
	else if (!is && --process->ready == 0)
		process->user->active--;
}

unsigned
session_process_shares(const struct session_process *process)
{
	return process->ready * process->user->active;
}

unsigned
session_user_count(const struct session_users *users, uint32_t uid)
{
	const struct session_user *user = find(users, uid);

	return user != NULL ? user->count : 0;
}
