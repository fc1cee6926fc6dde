/*
 * verb_help: weirctl help, and the completions that the build installs.
 */
#include <err.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/complete.h"
#include "ctl/ctl.h"
#include "ctl/verbs.h"

static int
help(struct ctl *ctl, const struct arguments *arguments)
{
	const struct verb *verb;
	char both[64];
	size_t i;

	(void)ctl;
	if (arguments->noperands == 0) {
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
	usage_print_verb(stdout, verb);
	return 0;
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
