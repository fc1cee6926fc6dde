/*
 * yaml_place: from a path into a document, or a byte of one of its texts, back
 * to the place in the file.
 */
#include "ctl/yaml.h"

#include <string.h>

#include "ctl/yaml_fold.h"

static const struct yaml_node *walk(const struct document *, const char *,
    const struct yaml_node **key, bool *all);
static const struct yaml_node *child(
    const struct yaml_node *, const char *, size_t, const struct yaml_node **);
static bool token_is(const char *, size_t, const struct yaml_node *);
static bool is_joint(const struct source *, const struct yaml_node *, size_t);
static size_t text_start(const struct source *, const struct yaml_node *);
static size_t escape(const char *, size_t left, size_t *produced);
static size_t over_break(const struct source *, size_t);
static bool is_blank(char);
static size_t
step_quoted(const struct source *, const struct yaml_node *, size_t, size_t *);
static size_t
step_text(const struct source *, const struct yaml_node *, size_t, size_t *);

/* As far as the path leads; all is false where that is not to its end. */
static const struct yaml_node *
walk(const struct document *yaml, const char *path,
    const struct yaml_node **key, bool *all)
{
	const struct yaml_node *node = yaml->root, *next, *next_key;
	const char *token = path, *end;

	*key = NULL;
	*all = true;
	while (*token == '/') {
		token++;
		end = strchrnul(token, '/');
		next = child(node, token, (size_t)(end - token), &next_key);
		if (next == NULL) {
			*all = false;
			break;
		}
		*key = next_key;
		node = next;
		token = end;
	}
	return node;
}

struct position
document_position(
    const struct document *yaml, const char *path, bool at_key, size_t offset)
{
	const struct yaml_node *node, *key;
	bool all;

	node = walk(yaml, path, &key, &all);
	if ((at_key || !all) && key != NULL) {
		node = key;
		offset = 0;
	}
	if (offset > 0 && node->kind == YAML_ALIAS)
		node = node->to;
	if (offset == 0 || node->kind != YAML_SCALAR)
		return source_position(yaml->source, node->start);
	return source_position(
	    yaml->source, scalar_place(yaml->source, node, offset));
}

bool
document_lacks(const struct document *yaml, const char *path)
{
	const struct yaml_node *node, *key;
	bool all;

	node = walk(yaml, path, &key, &all);
	if (node->kind == YAML_ALIAS)
		node = node->to;
	return node->lacks;
}

static const struct yaml_node *
child(const struct yaml_node *node, const char *token, size_t length,
    const struct yaml_node **key)
{
	size_t i, number = 0;

	*key = NULL;
	if (node->kind == YAML_ALIAS)
		node = node->to;
	if (node->kind == YAML_MAP) {
		for (i = 0; i < node->count; i += 2) {
			if (!token_is(token, length, node->children[i]))
				continue;
			*key = node->children[i];
			return node->children[i + 1];
		}
		return NULL;
	}
	if (node->kind != YAML_LIST || length == 0 || length > 7)
		return NULL;
	for (i = 0; i < length; i++) {
		if (token[i] < '0' || token[i] > '9')
			return NULL;
		number = number * 10 + (size_t)(token[i] - '0');
	}
	return number < node->count ? node->children[number] : NULL;
}

/* JSON pointer: ~1 is a slash, ~0 a tilde. */
static bool
token_is(const char *token, size_t length, const struct yaml_node *key)
{
	size_t i, k = 0;
	char c;

	for (i = 0; i < length; i++, k++) {
		c = token[i];
		if (c == '~' && i + 1 < length &&
		    (token[i + 1] == '0' || token[i + 1] == '1'))
			c = token[++i] == '1' ? '/' : '~';
		if (k >= key->length || key->text[k] != c)
			return false;
	}
	return k == key->length;
}

/*
 * Source and text are walked side by side.  What folding made of line breaks
 * and indentation is white on both sides, so it is enough to find the next
 * character that is not white.
 */
size_t
scalar_place(
    const struct source *s, const struct yaml_node *node, size_t offset)
{
	size_t at = text_start(s, node), i = 0;

	if (offset > node->length)
		offset = node->length;
	while (i < offset && at < s->size)
		at = node->style == STYLE_SINGLE || node->style == STYLE_DOUBLE
		    ? step_quoted(s, node, at, &i)
		    : step_text(s, node, at, &i);
	/* stand on the character, not on the white before it */
	if (i < node->length && !is_blank(node->text[i]))
		while (at < s->size &&
		    (is_blank(s->bytes[at]) || is_joint(s, node, at)))
			at++;
	return at;
}

/* A backslash in double quotes that joins its line with the next. */
static bool
is_joint(const struct source *s, const struct yaml_node *node, size_t at)
{
	return node->style == STYLE_DOUBLE && at + 1 < s->size &&
	    s->bytes[at] == '\\' &&
	    (s->bytes[at + 1] == '\n' || s->bytes[at + 1] == '\r');
}

static size_t
text_start(const struct source *s, const struct yaml_node *node)
{
	size_t at = node->start;

	if (node->style == STYLE_SINGLE || node->style == STYLE_DOUBLE)
		return at + 1;
	if (node->style == STYLE_BLOCK) {
		while (at < s->size && s->bytes[at] != '\n' &&
		    s->bytes[at] != '\r')
			at++;
		return over_break(s, at);
	}
	return at;
}

static size_t
over_break(const struct source *s, size_t at)
{
	if (at + 1 < s->size && s->bytes[at] == '\r' &&
	    s->bytes[at + 1] == '\n')
		return at + 2;
	return at < s->size ? at + 1 : at;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
step_text(
    const struct source *s, const struct yaml_node *node, size_t at, size_t *i)
{
	char want = node->text[*i], have = s->bytes[at];

	if (is_blank(want)) {
		(*i)++;
		if (have == '\n' || have == '\r')
			return over_break(s, at);
		return is_blank(have) ? at + 1 : at;
	}
	if (is_blank(have))
		return at + 1;
	(*i)++;
	return at + 1;
}

static size_t
step_quoted(
    const struct source *s, const struct yaml_node *node, size_t at, size_t *i)
{
	size_t produced, n;

	if (node->style == STYLE_DOUBLE && s->bytes[at] == '\\') {
		n = escape(s->bytes + at, s->size - at, &produced);
		*i += produced;
		return at + n;
	}
	if (node->style == STYLE_SINGLE && s->bytes[at] == '\'') {
		(*i)++;
		return at + 2;
	}
	return step_text(s, node, at, i);
}

/* Bytes of the escape sequence, and how many bytes of text it made. */
static size_t
escape(const char *at, size_t left, size_t *produced)
{
	unsigned long c = 0;
	size_t digits, i;

	*produced = 1;
	if (left < 2)
		return 1;
	if (at[1] == '\n' || at[1] == '\r') {
		*produced = 0;
		return 2;
	}
	if (fold_is_pair(at, left, &c)) {
		*produced = 4;
		return FOLD_PAIR;
	}
	if (strchr("NLP_", at[1]) != NULL)
		*produced = at[1] == 'L' || at[1] == 'P' ? 3 : 2;
	digits = at[1] == 'x' ? 2 : at[1] == 'u' ? 4 : at[1] == 'U' ? 8 : 0;
	for (i = 2; i < 2 + digits && i < left; i++)
		c = c << 4 |
		    (unsigned long)(at[i] <= '9' ? at[i] - '0'
						 : (at[i] | 32) - 'a' + 10);
	if (digits > 0)
		*produced = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	return 2 + digits;
}
