/*
 * complete_mdoc: the manual's list of verbs, in mdoc.
 */
#include <string.h>

#include "ctl/complete.h"
#include "ctl/targets.h"
#include "ctl/verb.h"

#define WIDTH 72 /* bytes of a line of text */

static bool has_selectors(const struct verb *);
static void synopsis(FILE *, const struct verb *);
static void option_use(FILE *, const struct option *);
static void option_entry(FILE *, const struct option *);
static void text(FILE *, const char *);

void
complete_mdoc(FILE *to)
{
	const struct verb *const *v;
	const struct option *o;

	fputs(".Bl -tag -width Ds\n", to);
	for (v = verbs; *v != NULL; v++) {
		if ((*v)->flags & VERB_HIDDEN)
			continue;
		synopsis(to, *v);
		text(to, (*v)->summary);
		fputs(".\n", to);
		if ((*v)->text != NULL) {
			text(to, (*v)->text);
			fputc('\n', to);
		}
		/* the selectors are described once */
		o = (*v)->options[0];
		if (o == NULL)
			continue;
		fputs(".Bl -tag -width Ds\n", to);
		for (; o->name != NULL; o++)
			option_entry(to, o);
		if (has_selectors(*v))
			fputs(".It Ar selectors\n"
			      "See\n.Sx Selecting executions .\n",
			    to);
		fputs(".El\n", to);
	}
	fputs(".El\n", to);
}

static bool
has_selectors(const struct verb *verb)
{
	size_t list;

	for (list = 0; list < VERB_OPTION_LISTS; list++)
		if (verb->options[list] == selector_options)
			return true;
	return false;
}

static void
synopsis(FILE *to, const struct verb *verb)
{
	const struct option *o;
	const struct operand *operand;

	fprintf(to, ".It Xo\n.Ic %s\n", verb->name);
	for (o = verb->options[0]; o != NULL && o->name != NULL; o++)
		option_use(to, o);
	if (has_selectors(verb))
		fputs(".Op Ar selectors\n", to);
	for (operand = verb->operands; operand->name != NULL; operand++) {
		fputs(operand->count == OPERAND_OPTIONAL ||
			    operand->count == OPERAND_ANY
			? ".Op Ar "
			: ".Ar ",
		    to);
		fprintf(to, "%s%s\n", operand->name,
		    operand->count == OPERAND_SOME ||
			    operand->count == OPERAND_ANY
			? " ..."
			: "");
	}
	fputs(".Xc\n", to);
	if (verb->alias != NULL)
		fprintf(to, ".D1 (alias: Ic %s )\n", verb->alias);
}

static void
option_use(FILE *to, const struct option *o)
{
	fputs(o->required ? "." : ".Op ", to);
	if (o->letter != '\0')
		fprintf(to, "Fl %c", o->letter);
	else
		fprintf(to, "Fl -%s", o->name);
	if (o->type != ARGUMENT_NONE)
		fprintf(to, " Ar %s", o->argument);
	fputc('\n', to);
}

static void
option_entry(FILE *to, const struct option *o)
{
	fputs(".It ", to);
	if (o->letter != '\0')
		fprintf(to, "Fl %c , ", o->letter);
	fprintf(to, "Fl -%s", o->name);
	if (o->type != ARGUMENT_NONE)
		fprintf(to, " Ar %s", o->argument);
	fputc('\n', to);
	text(to, o->help);
	fputs(o->many ? ";\nmay be given more than once.\n" : ".\n", to);
}

/* A new sentence starts a line; no line is longer than WIDTH. */
static void
text(FILE *to, const char *words)
{
	size_t column = 0, n;

	while (*words != '\0') {
		n = strcspn(words, " \n");
		if (column > 0 && column + 1 + n > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		fprintf(to, "%s%.*s", column > 0 ? " " : "", (int)n, words);
		column += n + (column > 0);
		if (words[n - 1] == '.' &&
		    (words[n] == '\n' || strncmp(words + n, "  ", 2) == 0)) {
			fputc('\n', to);
			column = 0;
		}
		words += n;
		words += strspn(words, " \n");
	}
}
