/* session_count: how many clients there are of each user */

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/session_parts.h"

struct session_user {
	RB_ENTRY(session_user) entry;
	uint32_t uid;
	unsigned count; /* never 0 */
};
RB_HEAD(user_tree, session_user);

struct session_users {
	struct user_tree tree;
};

static int compare(const struct session_user *, const struct session_user *);
static struct session_user *find(const struct session_users *, uint32_t);

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

struct session_user *
session_user_take(struct session_users *users, uint32_t uid)
{
	struct session_user *user = find(users, uid);

	if (user == NULL) {
		user = xcalloc(1, sizeof(*user));
		user->uid = uid;
		RB_INSERT(user_tree, &users->tree, user);
	}
	user->count++;
	return user;
}

void
session_user_drop(struct session_users *users, struct session_user *user)
{
	if (--user->count > 0)
		return;
	RB_REMOVE(user_tree, &users->tree, user);
	free(user);
}

unsigned
session_user_count(const struct session_users *users, uint32_t uid)
{
	const struct session_user *user = find(users, uid);

	return user != NULL ? user->count : 0;
}
