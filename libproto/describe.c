/* links: libproto/catalogue.c libproto/catalogue_check.c libproto/catalogue_text.c libproto/nearest.c libproto/utf8.c ; libs: msgpack */
/*
 * describe: a build tool.  Prints the tables of weir-protocol(7) that come from
 * methods.def and errors.def, as mdoc.
 *
 * usage: describe methods | errors
 */

#include <ctype.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libproto/catalogue.h"

#define COLUMNS 72 /* of the page's source */

static void print_methods(void);
static void print_method(const struct method *);
static void print_parameters(const struct parameter *);
static void print_fields(const struct parameter *);
static void print_errors(void);
static void print_text(const char *);
static void print_word(const char *, size_t, bool);

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "methods") == 0)
		print_methods();
	else if (argc == 2 && strcmp(argv[1], "errors") == 0)
		print_errors();
	else
		errx(64, "usage: describe methods | errors");
	if (fflush(stdout) != 0 || ferror(stdout))
		err(74, "stdout");
	return 0;
}

static void
print_methods(void)
{
	puts(".Bl -tag -width 2n");
	for (unsigned i = 0; i < METHODS; i++)
		print_method(catalogue_method((enum method_id)i));
	puts(".El");
}

static void
print_method(const struct method *method)
{
	static const char *const roles[] = {
	    [METHOD_FOR_ANY] = "anyone",
	    [METHOD_FOR_VIEWER] = "viewer",
	    [METHOD_FOR_OPERATOR] = "operator",
	    [METHOD_FOR_ADMIN] = "admin",
	};

	static const char *const whose[] = {
	    [METHOD_OF_ANYONE] = "",
	    [METHOD_OF_READER] = ", of executions whose values they see",
	    [METHOD_OF_OWNER] = ", on their own executions",
	    [METHOD_OF_APPROVER] = ", where they are asked",
	    [METHOD_OF_AUTHOR] = ", on their own workflows",
	};

	printf(".It Ic %s Pq %s%s\n", method->name, roles[method->role],
	    whose[method->whose]);
	print_text(method->what);
	puts(".Pp");
	puts("Result:");
	print_text(method->result);
	if (method->parameters[0].name != NULL) {
		puts(".Bl -tag -width 2n -compact");
		print_parameters(method->parameters);
		puts(".El");
	}
}

static void
print_parameters(const struct parameter *parameter)
{
	static const char *const needs[] = {
	    [PARAMETER_OPTIONAL] = "",
	    [PARAMETER_REQUIRED] = ", required",
	    [PARAMETER_EITHER] = ", one of the two required",
	};
	char expected[256];

	for (; parameter->name != NULL; parameter++) {
		catalogue_expected(parameter, expected, sizeof(expected));
		printf(".It Va %s Pq %s%s\n", parameter->name, expected,
		    needs[parameter->need]);
		print_text(parameter->help);
		if (parameter->fields != NULL)
			print_fields(parameter);
	}
}

/* The keys of a map that many methods take are written down once. */
static void
print_fields(const struct parameter *parameter)
{
	static const struct parameter *printed;

	if (printed == parameter->fields) {
		puts("Its keys are those under\n.Ic execution.list .");
		return;
	}
	printed = parameter->fields;
	puts(".Bl -tag -width 2n -compact");
	print_parameters(parameter->fields);
	puts(".El");
}

static void
print_errors(void)
{
	static const struct {
		int code;
		const char *name;
		const char *meaning;
	} errors[] = {
#define ERROR(code, suffix, name, meaning) {(code), (name), (meaning)},
#include "libproto/errors.def"
#undef ERROR
	};

	puts(".Bl -tag -width 2n -compact");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		printf(".It %d Pq Er %s\n", errors[i].code, errors[i].name);
		print_text(errors[i].meaning);
	}
	puts(".El");
}

/* One sentence: a capital in front, a full stop behind, lines kept short. */
static void
print_text(const char *text)
{
	size_t column = 0, length;
	bool first = true;

	while (*text != '\0') {
		length = strcspn(text, " ");
		if (column > 0)
			putchar(column + length > COLUMNS ? '\n' : ' ');
		if (column + length > COLUMNS)
			column = 0;
		print_word(text, length, first);
		column += length + 1;
		first = false;
		text += length;
		text += *text == ' ' ? 1 : 0;
	}
	puts(".");
}

/* Keeps roff from reading anything into the word. */
static void
print_word(const char *word, size_t length, bool capital)
{
	if (*word == '.' || *word == '\'')
		fputs("\\&", stdout);
	for (size_t i = 0; i < length; i++) {
		if (word[i] == '\\')
			fputs("\\e", stdout);
		else if (word[i] == '"')
			fputs("\\(dq", stdout);
		else if (i == 0 && capital)
			putchar(toupper((unsigned char)word[i]));
		else
			putchar(word[i]);
	}
}
