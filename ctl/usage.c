/*
 * usage: help and usage errors, from the descriptors.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/arguments.h"
#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define WORDS_MAX 128

static void print_option_use(FILE *, const struct option *);
static void print_operand(FILE *, const struct operand *);
static void print_options(FILE *, const struct option *);
static void print_words(FILE *, const char *const *);

const struct option global_options[] = {
    {'s', "socket", ARGUMENT_FILE, "SOCKET",
	"the daemon's socket, in place of $WEIR_SOCKET and the usual ones",
	NULL, false, false},
    {'q', "quiet", ARGUMENT_NONE, NULL, "print nothing but errors", NULL, false,
	false},
    {0, "json", ARGUMENT_NONE, NULL,
	"print JSON: one object, or for lists and streams one a line", NULL,
	false, false},
    {'h', "help", ARGUMENT_NONE, NULL, "explain the verb", NULL, false, false},
    {'V', "version", ARGUMENT_NONE, NULL, "print the version", NULL, false,
	false},
    {.name = NULL},
};

const struct option *
verb_option(const struct verb *verb, size_t i)
{
	const struct option *o;
	size_t list;

	for (list = 0; list < VERB_OPTION_LISTS; list++)
		for (o = verb->options[list]; o != NULL && o->name != NULL; o++)
			if (i-- == 0)
				return o;
	return NULL;
}

const struct verb *
verb_find(const char *name)
{
	const struct verb *const *v;

	for (v = verbs; *v != NULL; v++)
		if (strcmp((*v)->name, name) == 0 ||
		    ((*v)->alias != NULL && strcmp((*v)->alias, name) == 0))
			return *v;
	return NULL;
}

void
usage_print_synopsis(FILE *out, const struct verb *verb)
{
	const struct option *o;
	const struct operand *operand;
	size_t i;

	fprintf(out, "weirctl %s", verb->name);
	for (i = 0; (o = verb_option(verb, i)) != NULL; i++)
		print_option_use(out, o);
	for (operand = verb->operands; operand->name != NULL; operand++)
		print_operand(out, operand);
}

static void
print_option_use(FILE *out, const struct option *o)
{
	fputs(o->required ? " " : " [", out);
	if (o->letter != '\0')
		fprintf(out, "-%c", o->letter);
	else
		fprintf(out, "--%s", o->name);
	if (o->type != ARGUMENT_NONE)
		fprintf(out, " %s", o->argument);
	fputs(o->required ? "" : "]", out);
	if (o->many)
		fputs("...", out);
}

static void
print_operand(FILE *out, const struct operand *o)
{
	bool optional = o->count == OPERAND_OPTIONAL || o->count == OPERAND_ANY;

	fputs(optional ? " [" : " ", out);
	if (o->type == ARGUMENT_WORD)
		print_words(out, o->words);
	else
		fputs(o->name, out);
	fputs(optional ? "]" : "", out);
	if (o->count == OPERAND_SOME || o->count == OPERAND_ANY)
		fputs("...", out);
}

static void
print_words(FILE *out, const char *const *words)
{
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? "|" : "", words[i]);
}

void
usage_print_verb(FILE *out, const struct verb *verb)
{
	const struct option *o;
	size_t list;

	usage_print_synopsis(out, verb);
	fprintf(out, "\n%s.\n", verb->summary);
	if (verb->text != NULL)
		fprintf(out, "\n%s\n", verb->text);
	if (verb->alias != NULL)
		fprintf(out, "\nalso: weirctl %s\n", verb->alias);
	fprintf(out, "\noptions:\n");
	for (list = 0; list < VERB_OPTION_LISTS; list++)
		if ((o = verb->options[list]) != NULL)
			print_options(out, o);
	print_options(out, global_options);
}

static void
print_options(FILE *out, const struct option *o)
{
	char left[64], letter[8];

	for (; o->name != NULL; o++) {
		if (o->letter != '\0')
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		else
			snprintf(letter, sizeof(letter), "    ");
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name,
		    o->argument != NULL ? " " : "",
		    o->argument != NULL ? o->argument : "");
		fprintf(out, "  %-28s %s", left, o->help);
		if (o->words != NULL) {
			fputs(": ", out);
			print_words(out, o->words);
		}
		fputc('\n', out);
	}
}

void
usage_print_all(FILE *out)
{
	const struct verb *const *v;

	fprintf(out,
	    "usage: weirctl [-s SOCKET] [-q] [--json] VERB [options] ...\n\n");
	for (v = verbs; *v != NULL; v++)
		if (((*v)->flags & VERB_HIDDEN) == 0)
			fprintf(out, "  %-15s %s\n", (*v)->name, (*v)->summary);
	fprintf(out,
	    "\n\"weirctl help VERB\" explains one; weirctl(8) and "
	    "weir-workflow(5) explain it all\n");
}

/* A noun alone, or with a verb it doesn't have, gets its verbs listed. */
void
usage_unknown_verb(const char *word, const char *second)
{
	const char *known[WORDS_MAX], *near;
	const struct verb *const *v;
	size_t n = 0, length = strlen(word);
	bool noun = false;
	char *both;

	for (v = verbs; *v != NULL && n < WORDS_MAX; v++) {
		if ((*v)->flags & VERB_HIDDEN)
			continue;
		known[n++] = (*v)->name;
		if (strncmp((*v)->name, word, length) == 0 &&
		    (*v)->name[length] == ' ')
			noun = true;
	}
	if (second != NULL && second[0] != '-') {
		both = xasprintf("%s %s", word, second);
		near = nearest_word(both, strlen(both), known, n);
		if (near != NULL)
			warnx("there is no verb \"%s\"; did you mean %s?", both,
			    near);
		free(both);
		if (near != NULL)
			return;
	}
	if (noun) {
		fprintf(stderr, "usage:");
		for (v = verbs; *v != NULL; v++) {
			if (strncmp((*v)->name, word, length) != 0 ||
			    (*v)->name[length] != ' ')
				continue;
			fputs("\t", stderr);
			usage_print_synopsis(stderr, *v);
			fputs("\n", stderr);
		}
		return;
	}
	near = nearest_word(word, length, known, n);
	if (near != NULL)
		warnx("there is no verb \"%s\"; did you mean %s?", word, near);
	else
		warnx("there is no verb \"%s\"; \"weirctl help\" lists them",
		    word);
}

void
usage_unknown_option(const struct verb *verb, const char *word)
{
	const char *known[WORDS_MAX], *near = NULL;
	const struct option *o;
	size_t n = 0, i, length = strcspn(word, "=");

	for (i = 0; verb != NULL && n < WORDS_MAX / 2 &&
	     (o = verb_option(verb, i)) != NULL;
	     i++)
		known[n++] = o->name;
	for (o = global_options; o->name != NULL; o++)
		known[n++] = o->name;
	if (length > 2 && word[1] == '-')
		near = nearest_word(word + 2, length - 2, known, n);
	if (near != NULL)
		warnx("there is no option \"%.*s\"; did you mean --%s?",
		    (int)length, word, near);
	else
		warnx("there is no option \"%.*s\"; \"weirctl help%s%s\" has "
		      "those there are",
		    (int)length, word, verb != NULL ? " " : "",
		    verb != NULL ? verb->name : "");
}
