/* role_names: the users and groups of weird.conf, looked up */

#include "daemon/role_names.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "daemon/actor.h"

struct telling {
	settings_complain *tell;
	void *ctx;
	enum role role;
};

static void check_users(const struct names *, const struct telling *);
static void check_groups(const struct names *, const struct telling *);
static bool is_number(const char *);
static void tell_unknown(
    const struct telling *, const char *list, const char *what, const char *);

void
role_names_check(
    const struct config *config, settings_complain *tell, void *ctx)
{
	struct telling telling = {.tell = tell, .ctx = ctx};

	for (int i = 0; i < CONFIG_ROLES; i++) {
		telling.role = (enum role)i;
		check_users(&config->roles[i].users, &telling);
		check_groups(&config->roles[i].groups, &telling);
	}
}

static void
check_users(const struct names *names, const struct telling *telling)
{
	for (unsigned i = 0; i < names->count; i++)
		if (!is_number(names->list[i]) &&
		    getpwnam(names->list[i]) == NULL)
			tell_unknown(telling, "users", "user", names->list[i]);
}

static void
check_groups(const struct names *names, const struct telling *telling)
{
	for (unsigned i = 0; i < names->count; i++)
		if (!is_number(names->list[i]) &&
		    getgrnam(names->list[i]) == NULL)
			tell_unknown(
			    telling, "groups", "group", names->list[i]);
}

/* Whoever has it. */
static bool
is_number(const char *name)
{
	return name[strspn(name, "0123456789")] == '\0';
}

static void
tell_unknown(const struct telling *telling, const char *list, const char *what,
    const char *name)
{
	char message[512];

	snprintf(message, sizeof(message),
	    "weird.conf: roles.%s.%s: there is no %s \"%.64s\" on this "
	    "machine; nobody has the role by that name",
	    role_name(telling->role), list, what, name);
	telling->tell(telling->ctx, message);
}
