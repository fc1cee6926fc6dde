/*
 * utf8: whether a peer's bytes are text, and how to show them.
 *
 * Needs nothing but libc.
 */
#ifndef WEIR_UTF8_H
#define WEIR_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8, shortest form, no surrogates, and no NUL. */
bool utf8_is_text(const char *, size_t);
/* Takes away what a text that was cut short has of a character at its end. */
void utf8_mend(char *);
/*
 * Copies what is printable ASCII, a question mark for anything else; as much as
 * fits, and always terminated.
 */
void utf8_show(const char *, size_t, char *buffer, size_t size);

#endif
