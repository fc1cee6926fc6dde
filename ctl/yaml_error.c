/*
 * yaml_error: what libyaml could not read, in words for the file's author.
 */
#include "ctl/yaml_error.h"

#include <stdio.h>
#include <string.h>

enum where {
	AT_PROBLEM, /* where reading stopped */
	AT_OPENING, /* where what was being read began */
};

static const struct wording {
	const char *problem; /* libyaml's; a prefix is enough */
	enum where where;
	bool maybe_tab; /* a tab in the indentation is the likely cause */
	bool opened;	/* say where it began */
	const char *sentence;
} wordings[] = {
    {"found character that cannot start any token", AT_PROBLEM, true, false,
	"no value can start with this character; put the text in quotes"},
    {"found a tab character", AT_PROBLEM, true, false,
	"a tab can't indent in YAML; use spaces"},
    {"mapping values are not allowed", AT_PROBLEM, true, false,
	"a \": \" where no key can be; put the text in quotes, or check "
	"the indentation"},
    {"mapping keys are not allowed", AT_PROBLEM, true, false,
	"a \"? \" where no key can be; put the text in quotes"},
    {"block sequence entries are not allowed", AT_PROBLEM, true, false,
	"a \"- \" where no list entry can be; put it on a line of its own"},
    {"could not find expected ':'", AT_OPENING, true, false,
	"this line is no \"key: value\""},
    {"did not find expected key", AT_PROBLEM, true, true,
	"a key was expected here, indented as the first of its map"},
    {"did not find expected '-' indicator", AT_PROBLEM, true, true,
	"a \"- \" was expected here, indented as the first of its list"},
    {"did not find expected ',' or ']'", AT_PROBLEM, false, true,
	"a \",\" or \"]\" was expected here; the list is not closed"},
    {"did not find expected ',' or '}'", AT_PROBLEM, false, true,
	"a \",\" or \"}\" was expected here; the map is not closed"},
    {"did not find expected node content", AT_PROBLEM, false, false,
	"a value was expected here"},
    {"did not find expected <document start>", AT_PROBLEM, true, false,
	"the document has ended before this; a file is one map, whose keys "
	"all start in the same column"},
    {"found unexpected end of stream", AT_OPENING, false, false,
	"the quote that opens here is never closed"},
    {"found unexpected document indicator", AT_OPENING, false, false,
	"the quote that opens here is not closed before the document ends"},
    {"found unknown escape character", AT_PROBLEM, false, false,
	"no such escape in double quotes; write \\\\ for a backslash, or "
	"use single quotes"},
    {"did not find expected hexdecimal number", AT_PROBLEM, false, false,
	"hexadecimal digits were expected after the escape"},
    {"found invalid Unicode character escape code", AT_PROBLEM, false, false,
	"the escape is no Unicode character (for a pair of them, as JSON "
	"has it, write the character itself)"},
    {"found undefined tag handle", AT_PROBLEM, false, false,
	"a tag that nothing declares; put a text that starts with \"!\" in "
	"quotes"},
    {"found incompatible YAML document", AT_PROBLEM, false, false,
	"a %YAML directive for another version; leave it out"},
    {"found duplicate %YAML directive", AT_PROBLEM, false, false,
	"a second %YAML directive"},
    {"found unknown directive name", AT_PROBLEM, false, false,
	"no such directive; a line that starts with \"%\" is one"},
    {"found an indentation indicator equal to 0", AT_PROBLEM, false, false,
	"the indentation after \"|\" or \">\" counts from 1"},
    {"did not find expected comment or line break", AT_PROBLEM, false, false,
	"nothing may follow here but a comment; a text after \"|\" or \">\" "
	"starts on the next line"},
    {"did not find expected alphabetic or numeric character", AT_PROBLEM, false,
	false,
	"a name was expected after \"&\" or \"*\"; put a text that starts "
	"so in quotes"},
};

static size_t offset_of(const struct folded *, const yaml_mark_t *);
static bool tab_in_indentation(const struct source *, uint32_t line, size_t *);
static void reading_complaint(const yaml_parser_t *, const struct source *,
    const struct folded *, struct complaints *);

void
document_refuse(const yaml_parser_t *parser, const struct source *s,
    const struct folded *input, struct complaints *complaints)
{
	const char *problem = parser->problem != NULL ? parser->problem : "";
	const struct wording *w = NULL;
	struct position at, opening;
	size_t i, offset, tab;

	if (parser->error == YAML_READER_ERROR) {
		reading_complaint(parser, s, input, complaints);
		return;
	}
	for (i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++)
		if (strncmp(problem, wordings[i].problem,
			strlen(wordings[i].problem)) == 0)
			w = &wordings[i];
	offset = offset_of(input,
	    w != NULL && w->where == AT_OPENING ? &parser->context_mark
						: &parser->problem_mark);
	at = source_position(s, offset);
	opening = source_position(s, offset_of(input, &parser->context_mark));
	if (w != NULL && w->maybe_tab && tab_in_indentation(s, at.line, &tab))
		add_complaint(complaints, source_position(s, tab),
		    "a tab can't indent in YAML; use spaces");
	else if (w == NULL)
		add_complaint(complaints, at, "this is no YAML: %s %s",
		    parser->context != NULL ? parser->context : "", problem);
	else if (w->opened)
		add_complaint(complaints, at, "%s (it starts at %u:%u)",
		    w->sentence, opening.line, opening.column);
	else
		add_complaint(complaints, at, "%s", w->sentence);
}

static size_t
offset_of(const struct folded *input, const yaml_mark_t *mark)
{
	size_t at = 0, i;

	for (i = 0; i < mark->index && at < input->size; i++)
		at += utf8_length(input->bytes + at, input->size - at);
	return folded_place(input, at);
}

static bool
tab_in_indentation(const struct source *s, uint32_t line, size_t *tab)
{
	size_t at = s->lines[line - 1];

	while (at < s->size && s->bytes[at] == ' ')
		at++;
	*tab = at;
	return at < s->size && s->bytes[at] == '\t';
}

/* Characters that are valid UTF-8, but that YAML has no place for. */
static void
reading_complaint(const yaml_parser_t *parser, const struct source *s,
    const struct folded *input, struct complaints *complaints)
{
	add_complaint(complaints,
	    source_position(s, folded_place(input, parser->problem_offset)),
	    "the character U+%04X can't stand in YAML; write it as "
	    "\"\\u%04X\" inside double quotes",
	    (unsigned)parser->problem_value, (unsigned)parser->problem_value);
}
