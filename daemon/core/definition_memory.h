/*
 * definition_memory: everything a definition consists of, freed at once.
 */
#ifndef WEIR_CORE_DEFINITION_MEMORY_H
#define WEIR_CORE_DEFINITION_MEMORY_H

#include <stddef.h>

#include "daemon/core/template.h"
#include "daemon/core/value.h"

struct definition_memory;

struct definition_memory *memory_new(void);
void memory_free(struct definition_memory *);

/* Zeroed, aligned for anything, good until memory_free. */
void *memory_get(struct definition_memory *, size_t n, size_t size);
char *memory_text(struct definition_memory *, const char *, size_t);

/* Take over the reference and give it back; NULL is passed through. */
struct template *memory_template(struct definition_memory *, struct template *);
/* All templates; see template_adopt. */
void memory_adopt(struct definition_memory *, struct expressions *);
struct value *memory_value(struct definition_memory *, struct value *);

#endif
