/*
 * complete: completions for shells, all from the table of verbs.
 */
#include "ctl/complete.h"

#include <string.h>

#include "ctl/verb.h"

static void first_word(FILE *, const struct verb *);
static void bash_verb(FILE *, const struct verb *);
static void bash_option(FILE *, const struct option *);
static void bash_operands_of(FILE *, const struct verb *);
static void bash_arguments(FILE *, const struct verb *);
static void bash_values(FILE *, enum argument_type, const char *const *);
static bool repeats_noun(const struct verb *const *);
static void words(FILE *, const char *const *, const char *between);
static void quoted(FILE *, const char *);
static void zsh_verb(FILE *, const struct verb *);
static void fish_option(FILE *, const struct verb *, const struct option *);
static const char *candidates(enum argument_type);

/* What a shell asks weirctl for, by the kind of operand or argument. */
static const char *
candidates(enum argument_type type)
{
	switch (type) {
	case ARGUMENT_WORKFLOW:
	case ARGUMENT_VERSIONED:
	case ARGUMENT_STARTABLE:
		return "workflows";
	case ARGUMENT_EXECUTION:
	case ARGUMENT_EXECUTIONS:
		return "executions";
	default:
		return NULL;
	}
}

static const char bash_head[] =
    "# bash completion for weirctl(8), made from its table of verbs\n"
    "_weirctl_workflows()\n{\n"
    "\tweirctl definitions 2>/dev/null |\n"
    "\t    sed -n '2,$s/^\\([^ @]*\\).*/\\1/p'\n}\n\n"
    "_weirctl_executions()\n{\n"
    "\tweirctl ls 2>/dev/null | sed -n 's/^ *\\([0-9][0-9]*\\) .*/\\1/p'\n"
    "}\n\n"
    "_weirctl()\n{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal verb= i n=0 words= args= values= parts\n"
    "\tCOMPREPLY=()\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n"
    "\t\t-s | --socket) ((i++)) ;;\n"
    "\t\t-*) ;;\n"
    "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\tcase $verb in\n";

/* Of the values of operands, and "/" between them, the last one repeats. */
static const char bash_operands[] =
    "\tesac\n"
    "\tfor ((i++; i < COMP_CWORD; i++)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n"
    "\t\t-*) [[ $args == *\" ${COMP_WORDS[i]} \"* ]] && ((i++)) ;;\n"
    "\t\t*) ((n++)) ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\tIFS=/ read -ra parts <<<\"$values\"\n"
    "\t((n < ${#parts[@]})) || n=$((${#parts[@]} - 1))\n"
    "\t((n < 0)) || values=${parts[n]}\n"
    "\t[[ $args == *\" $prev \"* ]] && values=\n"
    "\tcase $verb:$prev in\n";

static const char bash_tail[] =
    "\tesac\n"
    "\tif [[ $cur == -* ]]; then\n"
    "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "\telse\n"
    "\t\t[[ $values == *files* ]] &&\n"
    "\t\t    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "\t\t[[ $values == *workflows* ]] &&\n"
    "\t\t    COMPREPLY+=($(compgen -W \"$(_weirctl_workflows)\" -- "
    "\"$cur\"))\n"
    "\t\t[[ $values == *executions* ]] &&\n"
    "\t\t    COMPREPLY+=($(compgen -W \"$(_weirctl_executions)\" -- "
    "\"$cur\"))\n"
    "\t\t[[ $values == =* ]] &&\n"
    "\t\t    COMPREPLY=($(compgen -W \"${values#=}\" -- \"$cur\"))\n"
    "\tfi\n"
    "}\n"
    "complete -F _weirctl weirctl\n";

/* Of a noun's verbs only the first is listed, as the noun. */
static void
first_word(FILE *to, const struct verb *verb)
{
	fprintf(to, "%.*s", (int)strcspn(verb->name, " "), verb->name);
}

static bool
repeats_noun(const struct verb *const *v)
{
	size_t n = strcspn((*v)->name, " ");

	return v > verbs && strncmp(v[-1]->name, (*v)->name, n) == 0 &&
	    v[-1]->name[n] == ' ';
}

static void
words(FILE *to, const char *const *list, const char *between)
{
	size_t i;

	for (i = 0; list[i] != NULL; i++)
		fprintf(to, "%s%s", i > 0 ? between : "", list[i]);
}

void
complete_bash(FILE *to)
{
	const struct verb *const *v;

	fputs(bash_head, to);
	fputs("\t\"\") values=\"=", to);
	for (v = verbs; *v != NULL; v++) {
		if ((*v)->flags & VERB_HIDDEN || repeats_noun(v))
			continue;
		fputs(v > verbs ? " " : "", to);
		first_word(to, *v);
	}
	fputs("\" words=\"-s -q --json --help --version\" ;;\n", to);
	for (v = verbs; *v != NULL; v++)
		if (((*v)->flags & VERB_HIDDEN) == 0 && !repeats_noun(v))
			bash_verb(to, *v);
	fputs(bash_operands, to);
	for (v = verbs; *v != NULL; v++)
		if (((*v)->flags & VERB_HIDDEN) == 0)
			bash_arguments(to, *v);
	fputs(bash_tail, to);
}

static void
bash_verb(FILE *to, const struct verb *verb)
{
	const struct verb *const *v;
	const struct option *o;
	size_t i, n = strcspn(verb->name, " ");

	fputs("\t", to);
	first_word(to, verb);
	fputs(verb->alias != NULL ? " | " : "", to);
	fputs(verb->alias != NULL ? verb->alias : "", to);
	fputs(") words=\"--json --quiet --help", to);
	for (v = verbs; *v != NULL; v++)
		if (strncmp((*v)->name, verb->name, n) == 0 &&
		    ((*v)->name[n] == ' ' || (*v)->name[n] == '\0'))
			for (i = 0; (o = verb_option(*v, i)) != NULL; i++)
				fprintf(to, " --%s", o->name);
	fputs("\" args=\" ", to);
	for (v = verbs; *v != NULL; v++)
		if (strncmp((*v)->name, verb->name, n) == 0 &&
		    ((*v)->name[n] == ' ' || (*v)->name[n] == '\0'))
			for (i = 0; (o = verb_option(*v, i)) != NULL; i++)
				bash_option(to, o);
	fputs("\" values=\"", to);
	if (verb->name[n] == ' ') {
		fputc('=', to);
		for (v = verbs; *v != NULL; v++)
			if (strncmp((*v)->name, verb->name, n + 1) == 0)
				fprintf(to, "%s%s", *v != verb ? " " : "",
				    (*v)->name + n + 1);
		fputc('/', to);
	}
	bash_operands_of(to, verb);
	fputs("\" ;;\n", to);
}

/* As it is typed, where an argument follows it. */
static void
bash_option(FILE *to, const struct option *o)
{
	if (o->type == ARGUMENT_NONE)
		return;
	fprintf(to, "--%s ", o->name);
	if (o->letter != '\0')
		fprintf(to, "-%c ", o->letter);
}

static void
bash_operands_of(FILE *to, const struct verb *verb)
{
	const struct verb *const *v;
	const struct operand *o;

	if (strcmp(verb->name, "help") == 0) {
		fputc('=', to);
		for (v = verbs; *v != NULL; v++)
			if (((*v)->flags & VERB_HIDDEN) == 0 &&
			    !repeats_noun(v)) {
				fputs(v > verbs ? " " : "", to);
				first_word(to, *v);
			}
		return;
	}
	for (o = verb->operands; o->name != NULL; o++) {
		bash_values(to, o->type, o->words);
		/* One that does not repeat is followed by nothing. */
		if (o->count == OPERAND_ONE || o->count == OPERAND_OPTIONAL)
			fputs("/", to);
	}
	fputs(" ", to);
}

/* What may follow an option, where that is known. */
static void
bash_arguments(FILE *to, const struct verb *verb)
{
	const struct option *o;
	size_t i, n = strcspn(verb->name, " ");

	for (i = 0; (o = verb_option(verb, i)) != NULL; i++) {
		if (o->words == NULL && o->type != ARGUMENT_FILE &&
		    candidates(o->type) == NULL)
			continue;
		fprintf(to, "\t%.*s:--%s", (int)n, verb->name, o->name);
		if (o->letter != '\0')
			fprintf(
			    to, " | %.*s:-%c", (int)n, verb->name, o->letter);
		fputs(") values=\"", to);
		bash_values(to, o->type, o->words);
		fputs("\" ;;\n", to);
	}
}

static void
bash_values(FILE *to, enum argument_type type, const char *const *list)
{
	if (list != NULL) {
		fputc('=', to);
		words(to, list, " ");
	} else if (type == ARGUMENT_FILE) {
		fputs("files", to);
	} else if (type == ARGUMENT_STARTABLE) {
		fputs("files workflows", to);
	} else if (candidates(type) != NULL) {
		fputs(candidates(type), to);
	}
}

/* Inside single quotes, of a kind that zsh's _arguments takes. */
static void
quoted(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else if (strchr("[]:", *text) != NULL)
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static const char zsh_head[] =
    "#compdef weirctl\n"
    "# zsh completion for weirctl(8), made from its table of verbs\n"
    "_weirctl_workflows() {\n"
    "\tcompadd - ${(f)\"$(weirctl definitions 2>/dev/null |\n"
    "\t    sed -n '2,$s/^\\([^ @]*\\).*/\\1/p')\"}\n}\n"
    "_weirctl_executions() {\n"
    "\tcompadd - ${(f)\"$(weirctl ls 2>/dev/null |\n"
    "\t    sed -n 's/^ *\\([0-9][0-9]*\\) .*/\\1/p')\"}\n}\n"
    "_weirctl_verb() {\n\tcase $1 in\n";

void
complete_zsh(FILE *to)
{
	const struct verb *const *v;

	fputs(zsh_head, to);
	for (v = verbs; *v != NULL; v++)
		if (((*v)->flags & VERB_HIDDEN) == 0)
			zsh_verb(to, *v);
	fputs("\tesac\n}\n_weirctl() {\n\tlocal -a verbs=(\n", to);
	for (v = verbs; *v != NULL; v++) {
		if ((*v)->flags & VERB_HIDDEN)
			continue;
		fprintf(to, "\t'%s:", (*v)->name);
		quoted(to, (*v)->summary);
		fputs("'\n", to);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe -t verbs verb verbs\n"
	      "\telif [[ $words[2] == engine ]]; then\n"
	      "\t\t_weirctl_verb \"$words[2] $words[3]\"\n"
	      "\telse\n\t\t_weirctl_verb $words[2]\n\tfi\n}\n"
	      "_weirctl \"$@\"\n",
	    to);
}

static void
zsh_verb(FILE *to, const struct verb *verb)
{
	const char *from = candidates(verb->operands[0].type);
	const struct option *o;
	size_t i;

	fprintf(to, "\t'%s') _arguments -S", verb->name);
	for (i = 0; (o = verb_option(verb, i)) != NULL; i++) {
		fprintf(to, " \\\n\t\t'%s--%s%s[", o->many ? "*" : "", o->name,
		    o->type != ARGUMENT_NONE ? "=" : "");
		quoted(to, o->help);
		fputc(']', to);
		if (o->words != NULL) {
			fprintf(to, ":%s:(", o->argument);
			words(to, o->words, " ");
			fputc(')', to);
		} else if (o->type != ARGUMENT_NONE) {
			fprintf(to, ":%s:%s", o->argument,
			    o->type == ARGUMENT_FILE ? "_files" : "");
		}
		fputc('\'', to);
	}
	if (verb->operands[0].type == ARGUMENT_FILE ||
	    verb->operands[0].type == ARGUMENT_STARTABLE)
		fputs(" \\\n\t\t'*:file:_files'", to);
	else if (from != NULL)
		fprintf(to, " \\\n\t\t'*:%s:_weirctl_%s'",
		    verb->operands[0].name, from);
	fputs(" ;;\n", to);
}

void
complete_fish(FILE *to)
{
	const struct verb *const *v;
	const struct option *o;
	const char *from;
	size_t i;

	fputs("# fish completion for weirctl(8), made from its table of "
	      "verbs\n"
	      "function __weirctl_workflows\n"
	      "\tweirctl definitions 2>/dev/null | "
	      "sed -n '2,$s/^\\([^ @]*\\).*/\\1/p'\nend\n"
	      "function __weirctl_executions\n"
	      "\tweirctl ls 2>/dev/null | "
	      "sed -n 's/^ *\\([0-9][0-9]*\\) .*/\\1/p'\nend\n"
	      "complete -c weirctl -l json -d 'print JSON'\n"
	      "complete -c weirctl -s q -l quiet -d 'print errors only'\n",
	    to);
	for (v = verbs; *v != NULL; v++) {
		if ((*v)->flags & VERB_HIDDEN)
			continue;
		fputs("complete -c weirctl -n __fish_use_subcommand -a '", to);
		first_word(to, *v);
		fprintf(to, "' -d '%s'\n", (*v)->summary);
		from = candidates((*v)->operands[0].type);
		if (from != NULL) {
			fputs("complete -c weirctl -n "
			      "'__fish_seen_subcommand_from ",
			    to);
			first_word(to, *v);
			fprintf(to, "' -a '(__weirctl_%s)'\n", from);
		}
		for (i = 0; (o = verb_option(*v, i)) != NULL; i++)
			fish_option(to, *v, o);
	}
}

static void
fish_option(FILE *to, const struct verb *verb, const struct option *o)
{
	const char *c;

	fputs("complete -c weirctl -n '__fish_seen_subcommand_from ", to);
	first_word(to, verb);
	fprintf(to, "' -l %s", o->name);
	if (o->letter != '\0')
		fprintf(to, " -s %c", o->letter);
	if (o->type == ARGUMENT_FILE)
		fputs(" -r", to);
	else if (o->type != ARGUMENT_NONE)
		fputs(" -x", to);
	if (o->words != NULL) {
		fputs(" -a '", to);
		words(to, o->words, " ");
		fputc('\'', to);
	}
	fputs(" -d '", to);
	for (c = o->help; *c != '\0'; c++)
		fputs(*c == '\'' ? "\\'" : (char[]){*c, '\0'}, to);
	fputs("'\n", to);
}
