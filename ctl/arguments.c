/*
 * arguments: a command line, parsed and checked against a verb's descriptor.
 *
 * Global options may stand before the verb or behind it; "--" ends options.
 */
#include "ctl/arguments.h"

#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

struct parsing {
	struct arguments *to;
	char **argv; /* what is left */
	bool operands_only;
	char spelled[64]; /* the option at hand, as it was given */
};

static bool parse_word(struct parsing *, char *);
static bool parse_long(struct parsing *, const char *);
static bool parse_letters(struct parsing *, const char *);
static bool find_verb(struct parsing *, const char *);
static const struct option *
find_option(const struct arguments *, const char *, size_t, char letter);
static bool take_option(struct parsing *, const struct option *, const char *);
static bool
take_global(struct arguments *, const struct option *, const char *);
static bool take_operand(struct parsing *, const char *);
static bool check_counts(const struct arguments *);
static bool check_required(const struct arguments *);
static void hint(const struct verb *);

bool
arguments_parse(struct arguments *to, int argc, char **argv)
{
	struct parsing p = {.to = to, .argv = argv + 1};

	memset(to, 0, sizeof(*to));
	if (argc == 0)
		return false;
	while (*p.argv != NULL)
		if (!parse_word(&p, *p.argv++))
			return false;
	if (to->help || to->version)
		return true;
	if (to->verb == NULL) {
		usage_print_all(stderr);
		return false;
	}
	return check_counts(to) && check_required(to);
}

void
arguments_free(struct arguments *a)
{
	free(a->options);
	free(a->operands);
}

static bool
parse_word(struct parsing *p, char *word)
{
	if (p->operands_only || word[0] != '-' || word[1] == '\0')
		return p->to->verb == NULL ? find_verb(p, word)
					   : take_operand(p, word);
	if (strcmp(word, "--") == 0) {
		p->operands_only = true;
		return true;
	}
	return word[1] == '-' ? parse_long(p, word) : parse_letters(p, word);
}

/* A verb of a noun takes two words: "engine status". */
static bool
find_verb(struct parsing *p, const char *word)
{
	char *both;

	p->to->verb = verb_find(word);
	if (p->to->verb == NULL && *p->argv != NULL) {
		both = xasprintf("%s %s", word, *p->argv);
		p->to->verb = verb_find(both);
		free(both);
		if (p->to->verb != NULL)
			p->argv++;
	}
	if (p->to->verb == NULL) {
		usage_unknown_verb(word, *p->argv);
		return false;
	}
	return true;
}

static bool
parse_long(struct parsing *p, const char *word)
{
	const struct option *option;
	const char *value = strchr(word, '=');
	size_t length = value != NULL ? (size_t)(value - word) : strlen(word);

	option = find_option(p->to, word + 2, length - 2, '\0');
	if (option == NULL) {
		usage_unknown_option(p->to->verb, word);
		return false;
	}
	if (value != NULL && option->type == ARGUMENT_NONE) {
		warnx("--%s takes no argument", option->name);
		hint(p->to->verb);
		return false;
	}
	if (value == NULL && option->type != ARGUMENT_NONE)
		value = *p->argv != NULL ? *p->argv++ : NULL;
	else if (value != NULL)
		value++;
	snprintf(p->spelled, sizeof(p->spelled), "--%s", option->name);
	return take_option(p, option, value);
}

static bool
parse_letters(struct parsing *p, const char *word)
{
	const struct option *option;
	const char *letter, *value;

	for (letter = word + 1; *letter != '\0'; letter++) {
		option = find_option(p->to, NULL, 0, *letter);
		if (option == NULL) {
			usage_unknown_option(p->to->verb, word);
			return false;
		}
		snprintf(p->spelled, sizeof(p->spelled), "-%c", *letter);
		if (option->type == ARGUMENT_NONE) {
			if (!take_option(p, option, NULL))
				return false;
			continue;
		}
		value = letter + 1;
		if (*value == '\0')
			value = *p->argv != NULL ? *p->argv++ : NULL;
		return take_option(p, option, value);
	}
	return true;
}

static bool
is_option(const struct option *o, const char *name, size_t length, char letter)
{
	if (name == NULL)
		return o->letter == letter;
	return strlen(o->name) == length && memcmp(o->name, name, length) == 0;
}

static const struct option *
find_option(
    const struct arguments *a, const char *name, size_t length, char letter)
{
	const struct option *o;
	size_t i;

	if (a->verb != NULL)
		for (i = 0; (o = verb_option(a->verb, i)) != NULL; i++)
			if (is_option(o, name, length, letter))
				return o;
	for (o = global_options; o->name != NULL; o++)
		if (is_option(o, name, length, letter))
			return o;
	return NULL;
}

static bool
take_option(struct parsing *p, const struct option *option, const char *value)
{
	struct arguments *to = p->to;
	struct given *given;
	char why[256];

	if (option->type != ARGUMENT_NONE && value == NULL) {
		warnx("%s needs an argument, %s", p->spelled, option->argument);
		hint(to->verb);
		return false;
	}
	if (take_global(to, option, value))
		return true;
	if (!option->many && arguments_has(to, option->name)) {
		warnx("%s is given twice", p->spelled);
		return false;
	}
	to->options =
	    xreallocarray(to->options, to->noptions + 1, sizeof(*to->options));
	given = &to->options[to->noptions++];
	memset(given, 0, sizeof(*given));
	given->option = option;
	given->text = value;
	if (option->type == ARGUMENT_NONE ||
	    argument_check(
		option->type, option->words, value, given, why, sizeof(why)))
		return true;
	warnx("%s: %s", p->spelled, why);
	return false;
}

static bool
take_global(
    struct arguments *to, const struct option *option, const char *value)
{
	const struct option *g;

	for (g = global_options; g->name != NULL && g != option; g++)
		;
	if (g->name == NULL)
		return false;
	switch (option->letter != '\0' ? option->letter : option->name[0]) {
	case 's':
		to->socket = value;
		break;
	case 'q':
		to->quiet = true;
		break;
	case 'j':
		to->json = true;
		break;
	case 'h':
		to->help = true;
		break;
	case 'V':
		to->version = true;
		break;
	}
	return true;
}

/* The operand that the n'th word stands for; NULL: there is none. */
static const struct operand *
operand_at(const struct verb *verb, size_t n)
{
	const struct operand *o = verb->operands;

	while (n > 0 && o->name != NULL && o->count != OPERAND_SOME &&
	    o->count != OPERAND_ANY) {
		o++;
		n--;
	}
	return o->name != NULL ? o : NULL;
}

static bool
take_operand(struct parsing *p, const char *word)
{
	struct arguments *to = p->to;
	const struct operand *operand = operand_at(to->verb, to->noperands);
	struct given *given;
	char why[256];

	if (operand == NULL) {
		warnx("%s: nothing can be done with \"%s\"", to->verb->name,
		    word);
		hint(to->verb);
		return false;
	}
	to->operands = xreallocarray(
	    to->operands, to->noperands + 1, sizeof(*to->operands));
	given = &to->operands[to->noperands++];
	memset(given, 0, sizeof(*given));
	given->text = word;
	if (argument_check(
		operand->type, operand->words, word, given, why, sizeof(why)))
		return true;
	warnx("%s: %s", operand->name, why);
	hint(to->verb);
	return false;
}

static bool
check_counts(const struct arguments *a)
{
	const struct operand *o = operand_at(a->verb, a->noperands);

	if (o == NULL || o->count == OPERAND_OPTIONAL ||
	    o->count == OPERAND_ANY)
		return true;
	if (o->count == OPERAND_SOME && a->noperands > 0 &&
	    (o == a->verb->operands ||
		a->noperands > (size_t)(o - a->verb->operands)))
		return true;
	warnx("%s: %s is missing", a->verb->name, o->name);
	hint(a->verb);
	return false;
}

static bool
check_required(const struct arguments *a)
{
	const struct option *o;
	size_t i;

	for (i = 0; (o = verb_option(a->verb, i)) != NULL; i++) {
		if (!o->required || arguments_has(a, o->name))
			continue;
		warnx("%s: --%s %s is missing", a->verb->name, o->name,
		    o->argument);
		hint(a->verb);
		return false;
	}
	return true;
}

static void
hint(const struct verb *verb)
{
	if (verb == NULL)
		return;
	fprintf(stderr, "usage: ");
	usage_print_synopsis(stderr, verb);
	fprintf(stderr, "\n");
}

const struct given *
arguments_option(
    const struct arguments *a, const char *name, const struct given *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - a->options) + 1;

	for (; i < a->noptions; i++)
		if (strcmp(a->options[i].option->name, name) == 0)
			return &a->options[i];
	return NULL;
}

bool
arguments_has(const struct arguments *a, const char *name)
{
	return arguments_option(a, name, NULL) != NULL;
}

const char *
arguments_text(const struct arguments *a, const char *name)
{
	const struct given *given = arguments_option(a, name, NULL);

	return given != NULL ? given->text : NULL;
}
