/* links: daemon/config.c daemon/config_key.c daemon/log.c daemon/core/alloc.c daemon/core/quantity.c libproto/nearest.c ; libs: yaml-0.1 msgpack */
/* config_test: the keys of weird.conf, and what is said of wrong ones. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/log.h"

struct told {
	char text[2048];
};

static void tell(void *, size_t, size_t, const char *);
static struct config *parse(const char *, struct told *);
static struct config *accept_text(const char *);
static void refuse_text(const char *, const char *);

static void
tell(void *ctx, size_t line, size_t column, const char *message)
{
	struct told *told = ctx;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%zu:%zu: %s\n",
	    line, column, message);
}

/* NULL when there were errors, which are then told. */
static struct config *
parse(const char *text, struct told *told)
{
	const struct config_errors errors = {tell, told};
	struct config *config = config_new();

	told->text[0] = '\0';
	if (config_parse(config, text, strlen(text), &errors))
		return config;
	config_free(config);
	return NULL;
}

static struct config *
accept_text(const char *text)
{
	struct told told;
	struct config *config = parse(text, &told);

	if (config == NULL)
		atf_tc_fail("refused: %s", told.text);
	ATF_CHECK_STREQ("", told.text);
	return config;
}

static void
refuse_text(const char *text, const char *message)
{
	struct told told;
	struct config *config = parse(text, &told);

	config_free(config);
	ATF_REQUIRE_MSG(config == NULL, "accepted: %s", text);
	ATF_CHECK_STREQ(message, told.text);
}

ATF_TC(defaults);
ATF_TC_HEAD(defaults, tc)
{
	atf_tc_set_md_var(tc, "descr", "an empty file gives the defaults");
}
ATF_TC_BODY(defaults, tc)
{
	static const char *const empty[] = {
	    "", "\n", "# nothing\n", "---\n{}\n"};

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct config *config = accept_text(empty[i]);

		ATF_CHECK_EQ(NULL, config->socket);
		ATF_CHECK_EQ(0666, config->socket_mode);
		ATF_CHECK_EQ(LOG_LEVEL_INFO, config->log_level);
		ATF_CHECK_EQ(64, config->callouts.max);
		ATF_CHECK_EQ(0, config->callouts.runners);
		ATF_CHECK_EQ(1048576, config->callouts.output_max);
		ATF_CHECK_EQ(1048576, config->limits.message);
		ATF_CHECK_EQ(256, config->limits.connections);
		ATF_CHECK_EQ(64, config->limits.connections_per_user);
		ATF_CHECK_EQ(128, config->limits.requests);
		ATF_CHECK_EQ(INT64_C(30000000000), config->limits.idle_timeout);
		ATF_CHECK(!config->operator_any);
		ATF_CHECK(!config->show_inputs);
		ATF_CHECK_EQ(0, config->roles[ROLE_ADMIN].users.count);
		config_free(config);
	}
}

ATF_TC(every_key);
ATF_TC_HEAD(every_key, tc)
{
	atf_tc_set_md_var(tc, "descr", "each key is read");
}
ATF_TC_BODY(every_key, tc)
{
	struct config *config = accept_text("socket: /a/sock\n"
					    "socket_mode: 0660\n"
					    "state_dir: /a/state\n"
					    "runtime_dir: /a/run\n"
					    "pid_file: /a/pid\n"
					    "log: debug\n"
					    "callouts:\n"
					    "  max: 7\n"
					    "  runners: 2\n"
					    "  runner: /a/runner\n"
					    "  path: /a/bin:/b/bin\n"
					    "  output_max: 64K\n"
					    "limits:\n"
					    "  message: 2M\n"
					    "  connections: 3\n"
					    "  connections_per_user: 2\n"
					    "  requests: 5\n"
					    "  idle_timeout: 250ms\n"
					    "operator_any: true\n"
					    "show_inputs: true\n");

	ATF_CHECK_STREQ("/a/sock", config->socket);
	ATF_CHECK_EQ(0660, config->socket_mode);
	ATF_CHECK_STREQ("/a/state", config->state_dir);
	ATF_CHECK_STREQ("/a/run", config->runtime_dir);
	ATF_CHECK_STREQ("/a/pid", config->pid_file);
	ATF_CHECK_EQ(LOG_LEVEL_DEBUG, config->log_level);
	ATF_CHECK_EQ(7, config->callouts.max);
	ATF_CHECK_EQ(2, config->callouts.runners);
	ATF_CHECK_STREQ("/a/runner", config->callouts.runner);
	ATF_CHECK_STREQ("/a/bin:/b/bin", config->callouts.path);
	ATF_CHECK_EQ(65536, config->callouts.output_max);
	ATF_CHECK_EQ(2097152, config->limits.message);
	ATF_CHECK_EQ(3, config->limits.connections);
	ATF_CHECK_EQ(2, config->limits.connections_per_user);
	ATF_CHECK_EQ(5, config->limits.requests);
	ATF_CHECK_EQ(250000000, config->limits.idle_timeout);
	ATF_CHECK(config->operator_any);
	ATF_CHECK(config->show_inputs);
	config_free(config);
}

ATF_TC(roles);
ATF_TC_HEAD(roles, tc)
{
	atf_tc_set_md_var(tc, "descr", "roles are lists, or a single name");
}
ATF_TC_BODY(roles, tc)
{
	struct config *config =
	    accept_text("roles:\n"
			"  viewer: {groups: [users, staff]}\n"
			"  operator:\n"
			"    users:\n"
			"      - ann\n"
			"      - 1001\n"
			"  admin: {users: bob, groups: []}\n");
	const struct role_members *roles = config->roles;

	ATF_REQUIRE_EQ(2, roles[ROLE_VIEWER].groups.count);
	ATF_CHECK_STREQ("users", roles[ROLE_VIEWER].groups.list[0]);
	ATF_CHECK_STREQ("staff", roles[ROLE_VIEWER].groups.list[1]);
	ATF_REQUIRE_EQ(2, roles[ROLE_OPERATOR].users.count);
	ATF_CHECK_STREQ("ann", roles[ROLE_OPERATOR].users.list[0]);
	ATF_CHECK_STREQ("1001", roles[ROLE_OPERATOR].users.list[1]);
	ATF_REQUIRE_EQ(1, roles[ROLE_ADMIN].users.count);
	ATF_CHECK_STREQ("bob", roles[ROLE_ADMIN].users.list[0]);
	ATF_CHECK_EQ(0, roles[ROLE_ADMIN].groups.count);
	ATF_CHECK_EQ(0, roles[ROLE_NONE].users.count);
	config_free(config);
}

ATF_TC(unknown);
ATF_TC_HEAD(unknown, tc)
{
	atf_tc_set_md_var(tc, "descr", "unknown keys, with the nearest");
}
ATF_TC_BODY(unknown, tc)
{
	refuse_text("sockett: /a\n",
	    "1:1: sockett: unknown key; did you mean socket?\n");
	refuse_text("limits:\n  requets: 3\n",
	    "2:3: limits.requets: unknown key; did you mean "
	    "limits.requests?\n");
	refuse_text("xyzzy: 1\n",
	    "1:1: xyzzy: unknown key; weird.conf(5) has those there are\n");
	refuse_text("roles: {viewer: {users: {a: 1}}}\n",
	    "1:25: roles.viewer.users: expected a list of names, found a "
	    "map\n");
	refuse_text("roles: {none: {users: [a]}}\n",
	    "1:9: roles.none: unknown key; weird.conf(5) has those there "
	    "are\n");
	refuse_text("? [a, b]\n: 1\n", "1:3: expected a key\n");
}

ATF_TC(wrong);
ATF_TC_HEAD(wrong, tc)
{
	atf_tc_set_md_var(tc, "descr", "values of the wrong type or size");
}
ATF_TC_BODY(wrong, tc)
{
	refuse_text("socket: sock\n",
	    "1:9: socket: expected an absolute path, found \"sock\"\n");
	refuse_text("socket: [/a]\n",
	    "1:9: socket: expected an absolute path, found a list\n");
	refuse_text("socket:\n",
	    "1:8: socket: expected an absolute path, found \"\"\n");
	refuse_text("log: loud\n",
	    "1:6: log: expected error, warn, info or debug, found \"loud\"\n");
	refuse_text("callouts:\n  max: 0\n",
	    "2:8: callouts.max: expected a number from 1 to 1000000, found "
	    "\"0\"\n");
	refuse_text("callouts: {runners: 65}\n",
	    "1:21: callouts.runners: expected a number from 0 to 64, found "
	    "\"65\"\n");
	refuse_text("callouts: {max: -1}\n",
	    "1:17: callouts.max: expected a number from 1 to 1000000, found "
	    "\"-1\"\n");
	refuse_text("callouts: {max: 99999999999999999999}\n",
	    "1:17: callouts.max: expected a number from 1 to 1000000, found "
	    "\"99999999999999999999\"\n");
	refuse_text("limits: {message: 1X}\n",
	    "1:19: limits.message: expected a size like 64K or 1M, from 4096 "
	    "to 268435456 bytes, found \"1X\"\n");
	refuse_text("limits: {idle_timeout: 5}\n",
	    "1:24: limits.idle_timeout: expected a duration like 30s or 5m, "
	    "from 10ms to 86400s, found \"5\"\n");
	refuse_text("socket_mode: 0888\n",
	    "1:14: socket_mode: expected a mode in octal like 0660, found "
	    "\"0888\"\n");
	refuse_text("operator_any: maybe\n",
	    "1:15: operator_any: expected true or false, found \"maybe\"\n");
	refuse_text(
	    "limits: 3\n", "1:9: limits: expected a map of keys and values\n");
	refuse_text("\"a\\nb\\e[1m\": 3\n",
	    "1:1: a?b?[1m: unknown key; weird.conf(5) has those "
	    "there are\n");
	refuse_text("- a\n", "1:1: expected a map of keys and values\n");
}

ATF_TC(all_errors);
ATF_TC_HEAD(all_errors, tc)
{
	atf_tc_set_md_var(tc, "descr", "all errors are told, not the first");
}
ATF_TC_BODY(all_errors, tc)
{
	refuse_text("log: loud\nsokket: /a\nlog: info\n",
	    "1:6: log: expected error, warn, info or debug, found \"loud\"\n"
	    "2:1: sokket: unknown key; did you mean socket?\n"
	    "3:1: \"log\" stands here a second time; the first is in line "
	    "1\n");
	refuse_text("limits.requests: 1\nlimits: {requests: 2, message: 1M}\n",
	    "2:10: \"limits.requests\" stands here a second time; the first "
	    "is in line 1\n");
}

ATF_TC(not_yaml);
ATF_TC_HEAD(not_yaml, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is no YAML, or too much of it");
}
ATF_TC_BODY(not_yaml, tc)
{
	static const char *const texts[] = {
	    "a: [1\n", "a: b: c\n", "\t- x\n", "a: \"x\n", "\x01\x02", "{{{{"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct told told;
		struct config *config = parse(texts[i], &told);

		ATF_CHECK_EQ_MSG(NULL, config, "accepted %zu", i);
		ATF_CHECK_MSG(told.text[0] != '\0', "silent about %zu", i);
		config_free(config);
	}
	refuse_text("log: info\n---\nlog: warn\n",
	    "3:1: a second YAML document; put everything into one\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, defaults);
	ATF_TP_ADD_TC(tp, every_key);
	ATF_TP_ADD_TC(tp, roles);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, wrong);
	ATF_TP_ADD_TC(tp, all_errors);
	ATF_TP_ADD_TC(tp, not_yaml);
	return atf_no_error();
}
