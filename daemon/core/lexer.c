/* lexer: the tokens of a Lua expression. */

#include "daemon/core/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static bool is_letter(int);
static bool is_digit(int);
static bool is_hex(int);
static int peek(const struct lexer *, size_t);
static bool fail(struct lexer *, size_t, const char *);
static bool skip_blanks(struct lexer *);
static size_t long_bracket(const struct lexer *);
static bool lex_long_string(struct lexer *, size_t);
static bool lex_string(struct lexer *);
static bool lex_number(struct lexer *);
static bool lex_operator(struct lexer *);
static bool lex_token(struct lexer *, struct token *);
static bool lex_closing(struct lexer *, bool, size_t *);
static void keep(struct lexer *, const struct token *);

/* Not <ctype.h>: Lua's idea of a letter here does not follow the locale. */
static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The byte that far ahead; -1 behind the end. */
static int
peek(const struct lexer *lx, size_t ahead)
{
	return ahead < lx->size - lx->at
	    ? (unsigned char)lx->source[lx->at + ahead]
	    : -1;
}

static bool
fail(struct lexer *lx, size_t at, const char *error)
{
	lx->error = error;
	lx->error_at = at;
	return false;
}

static bool
skip_blanks(struct lexer *lx)
{
	while (
	    peek(lx, 0) == ' ' || (peek(lx, 0) >= '\t' && peek(lx, 0) <= '\r'))
		lx->at++;
	if (peek(lx, 0) == '-' && peek(lx, 1) == '-')
		return fail(lx, lx->at,
		    "'--' starts a comment in Lua, and an expression has none; "
		    "write '- -' for a minus of a minus");
	return true;
}

/* The size of "[[" or "[==[" here; 0 for a plain bracket. */
static size_t
long_bracket(const struct lexer *lx)
{
	size_t n = 1;

	while (peek(lx, n) == '=')
		n++;
	return peek(lx, n) == '[' ? n + 1 : 0;
}

static bool
lex_long_string(struct lexer *lx, size_t bracket)
{
	size_t start = lx->at, equals;

	for (lx->at += bracket; peek(lx, 0) >= 0; lx->at++) {
		if (peek(lx, 0) != ']')
			continue;
		for (equals = 0; peek(lx, equals + 1) == '='; equals++)
			;
		if (equals + 2 == bracket && peek(lx, equals + 1) == ']') {
			lx->at += bracket;
			return true;
		}
		lx->at += equals;
	}
	return fail(lx, start, "a long string without its end");
}

static bool
lex_string(struct lexer *lx)
{
	size_t start = lx->at;
	int quote = peek(lx, 0);

	for (lx->at++; peek(lx, 0) != quote; lx->at++) {
		if (peek(lx, 0) < 0 || peek(lx, 0) == '\n' ||
		    peek(lx, 0) == '\r')
			return fail(lx, start, "a string without its end");
		if (peek(lx, 0) != '\\')
			continue;
		lx->at++;
		/* \z goes over blanks, line ends among them */
		if (peek(lx, 0) == 'z') {
			while (peek(lx, 1) == ' ' ||
			    (peek(lx, 1) >= '\t' && peek(lx, 1) <= '\r'))
				lx->at++;
		} else if (peek(lx, 0) == '\r' && peek(lx, 1) == '\n') {
			lx->at++;
		} else if (peek(lx, 0) < 0) {
			return fail(lx, start, "a string without its end");
		}
	}
	lx->at++;
	return true;
}

/* As Lua reads one: greedily, judging it only afterwards. */
static bool
lex_number(struct lexer *lx)
{
	bool hex =
	    peek(lx, 0) == '0' && (peek(lx, 1) == 'x' || peek(lx, 1) == 'X');
	int c;

	lx->at += hex ? 2 : 0;
	for (;;) {
		c = peek(lx, 0);
		if ((hex && (c == 'p' || c == 'P')) ||
		    (!hex && (c == 'e' || c == 'E'))) {
			lx->at++;
			if (peek(lx, 0) == '+' || peek(lx, 0) == '-')
				lx->at++;
		} else if (is_hex(c) || c == '.') {
			lx->at++;
		} else {
			break;
		}
	}
	while (is_letter(peek(lx, 0)) || is_digit(peek(lx, 0)))
		lx->at++;
	return true;
}

static bool
lex_operator(struct lexer *lx)
{
	static const char *const operators[] = {
	    "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"};
	size_t n;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		n = strlen(operators[i]);
		if (n <= lx->size - lx->at &&
		    memcmp(lx->source + lx->at, operators[i], n) == 0) {
			lx->at += n;
			return true;
		}
	}
	lx->at++;
	return true;
}

static bool
lex_token(struct lexer *lx, struct token *token)
{
	int c = peek(lx, 0);
	size_t bracket = c == '[' ? long_bracket(lx) : 0;
	bool good = true;

	token->start = lx->at;
	if (is_letter(c)) {
		token->kind = TOKEN_NAME;
		while (is_letter(peek(lx, 0)) || is_digit(peek(lx, 0)))
			lx->at++;
	} else if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1)))) {
		token->kind = TOKEN_NUMBER;
		good = lex_number(lx);
	} else if (c == '"' || c == '\'' || bracket > 0) {
		token->kind = TOKEN_STRING;
		good =
		    bracket > 0 ? lex_long_string(lx, bracket) : lex_string(lx);
	} else {
		token->kind = TOKEN_OPERATOR;
		good = lex_operator(lx);
	}
	token->size = lx->at - token->start;
	return good;
}

/* Is this the }} that ends the expression?  Counts table constructors. */
static bool
lex_closing(struct lexer *lx, bool closed, size_t *depth)
{
	int c = peek(lx, 0);

	if (c == '{') {
		++*depth;
	} else if (c == '}') {
		if (*depth > 0)
			--*depth;
		else if (!closed || peek(lx, 1) != '}')
			return fail(lx, lx->at, "a '}' that closes nothing");
		else
			return true;
	}
	return false;
}

static void
keep(struct lexer *lx, const struct token *token)
{
	if (lx->count == lx->room) {
		lx->room = lx->room == 0 ? 32 : lx->room * 2;
		lx->tokens =
		    xreallocarray(lx->tokens, lx->room, sizeof(*lx->tokens));
	}
	lx->tokens[lx->count++] = *token;
}

bool
lexer_run(
    struct lexer *lx, const char *source, size_t size, size_t from, bool closed)
{
	struct token token;
	size_t depth = 0;

	*lx = (struct lexer){.source = source, .size = size, .at = from};
	for (;;) {
		if (!skip_blanks(lx))
			return false;
		if (lx->at == size)
			break;
		if (lex_closing(lx, closed, &depth))
			return true;
		if (lx->error != NULL || !lex_token(lx, &token))
			return false;
		keep(lx, &token);
	}
	if (closed)
		return fail(lx, from - strlen("${{"), "'${{' without its '}}'");
	return true;
}

void
lexer_free(struct lexer *lx)
{
	free(lx->tokens);
	lx->tokens = NULL;
	lx->count = lx->room = 0;
}

bool
token_is(const struct lexer *lx, size_t i, const char *text)
{
	const struct token *token;

	if (i >= lx->count)
		return false;
	token = &lx->tokens[i];
	return token->kind != TOKEN_STRING && strlen(text) == token->size &&
	    memcmp(lx->source + token->start, text, token->size) == 0;
}

bool
token_is_keyword(const struct lexer *lx, size_t i)
{
	static const char *const keywords[] = {"and", "break", "do", "else",
	    "elseif", "end", "false", "for", "function", "goto", "if", "in",
	    "local", "nil", "not", "or", "repeat", "return", "then", "true",
	    "until", "while"};

	for (size_t k = 0; k < sizeof(keywords) / sizeof(keywords[0]); k++) {
		if (token_is(lx, i, keywords[k]))
			return true;
	}
	return false;
}
