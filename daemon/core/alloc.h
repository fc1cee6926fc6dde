/*
 * alloc: allocation that does not come back without memory.  Running out of
 * memory ends the process with exit status 71 (EX_OSERR); the journal brings
 * everything back.
 */
#ifndef WEIR_CORE_ALLOC_H
#define WEIR_CORE_ALLOC_H

#include <stddef.h>

/*
 * Says so and ends the process.  A program may have one of its own, which has
 * another place to say it.
 */
_Noreturn void out_of_memory(void);

void *xmalloc(size_t);
void *xrealloc(void *, size_t); /* for libraries that ask for one */
void *xcalloc(size_t, size_t);
void *xreallocarray(void *, size_t, size_t);
char *xstrdup(const char *);
char *xstrndup(const char *, size_t);
/* The bytes, and a NUL behind them. */
char *xmemdup(const void *, size_t);
char *xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));

#endif
