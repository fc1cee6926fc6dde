/*
 * lexer: the tokens of a Lua expression.  It serves to find where an
 * expression ends inside a string and to see which names it uses; whether it is
 * good Lua, Lua itself decides.
 */
#ifndef WEIR_CORE_LEXER_H
#define WEIR_CORE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_NAME, /* keywords too */
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_OPERATOR,
};

struct token {
	enum token_kind kind;
	size_t start; /* byte in the source */
	size_t size;
};

struct lexer {
	const char *source;
	size_t size;
	size_t at;
	struct token *tokens;
	size_t count, room;
	const char *error; /* NULL: none; a sentence's end otherwise */
	size_t error_at;
};

/*
 * Lexes from the byte on.  Inside ${{ }} it stops at the }} that closes it, and
 * not finding that is an error; otherwise at the end of the source.  at is then
 * where it stopped.  The caller frees the tokens with lexer_free either way.
 */
bool lexer_run(struct lexer *, const char *, size_t, size_t from, bool closed);
void lexer_free(struct lexer *);

bool token_is(const struct lexer *, size_t, const char *);
bool token_is_keyword(const struct lexer *, size_t);

#endif
