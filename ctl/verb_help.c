/*
 * verb_help: weirctl help, and the completions that the build installs.
 */
#include <err.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/complete.h"
#include "ctl/ctl.h"
#include "ctl/verbs.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"

static void write_all(struct writer *);
static void write_verb(struct writer *, const struct verb *);
static void pack_option(msgpack_packer *, const struct option *);

static int
help(struct ctl *ctl, const struct arguments *arguments)
{
	const struct verb *verb;
	char both[64];
	size_t i;

	if (arguments->noperands == 0) {
		if (writer_is_json(ctl->out))
			write_all(ctl->out);
		else
			usage_print_all(stdout);
		return 0;
	}
	both[0] = '\0';
	for (i = 0; i < arguments->noperands && i < 2; i++)
		snprintf(both + strlen(both), sizeof(both) - strlen(both),
		    "%s%s", i > 0 ? " " : "", arguments->operands[i].text);
	if ((verb = verb_find(both)) == NULL) {
		usage_unknown_verb(both, NULL);
		return EX_USAGE;
	}
	if (writer_is_json(ctl->out))
		write_verb(ctl->out, verb);
	else
		usage_print_verb(stdout, verb);
	return 0;
}

static void
write_all(struct writer *out)
{
	const struct verb *const *v;

	for (v = verbs; *v != NULL; v++)
		if (((*v)->flags & VERB_HIDDEN) == 0)
			write_verb(out, *v);
}

static void
write_verb(struct writer *out, const struct verb *verb)
{
	msgpack_sbuffer buffer;
	msgpack_packer p;
	msgpack_object object;
	msgpack_zone zone;
	size_t i, n = 0;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_zone_init(&zone, 2048);
	msgpack_pack_map(&p, 5);
	pack_key_str(&p, "verb", verb->name);
	pack_key_str(&p, "alias", verb->alias);
	pack_key_str(&p, "summary", verb->summary);
	while (verb_option(verb, n) != NULL)
		n++;
	pack_str(&p, "options");
	msgpack_pack_array(&p, n);
	for (i = 0; i < n; i++)
		pack_option(&p, verb_option(verb, i));
	for (n = 0; n < VERB_OPERANDS && verb->operands[n].name != NULL; n++)
		;
	pack_str(&p, "operands");
	msgpack_pack_array(&p, n);
	for (i = 0; i < n; i++)
		pack_str(&p, verb->operands[i].name);
	if (unpack_value(buffer.data, buffer.size, &zone, &object))
		writer_row(out, &object);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
}

static void
pack_option(msgpack_packer *p, const struct option *option)
{
	char letter[] = {option->letter, '\0'};

	msgpack_pack_map(p, 4);
	pack_key_str(p, "option", option->name);
	pack_key_str(p, "letter", option->letter != '\0' ? letter : NULL);
	pack_key_str(p, "argument", option->argument);
	pack_key_str(p, "help", option->help);
}

static const char *const kinds[] = {"bash", "zsh", "fish", "mdoc", NULL};

static int
completion(struct ctl *ctl, const struct arguments *arguments)
{
	const char *kind = arguments->operands[0].text;

	(void)ctl;
	if (strcmp(kind, "bash") == 0)
		complete_bash(stdout);
	else if (strcmp(kind, "zsh") == 0)
		complete_zsh(stdout);
	else if (strcmp(kind, "fish") == 0)
		complete_fish(stdout);
	else
		complete_mdoc(stdout);
	return 0;
}

const struct verb verb_help = {
    .name = "help",
    .summary = "List the verbs, or explain one",
    .text = "With --json: a line for each, with its options and operands.",
    .operands = {{"VERB", ARGUMENT_TEXT, OPERAND_ANY, NULL}},
    .flags = VERB_LOCAL,
    .run = help,
};

const struct verb verb_completion = {
    .name = "completion",
    .summary = "Print what a shell needs to complete command lines, or the "
	       "manual's list of verbs",
    .operands = {{"SHELL", ARGUMENT_WORD, OPERAND_ONE, kinds}},
    .flags = VERB_LOCAL | VERB_HIDDEN,
    .run = completion,
};
