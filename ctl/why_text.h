/*
 * why_text: what weirctl why says, for people.
 */
#ifndef WEIR_CTL_WHY_TEXT_H
#define WEIR_CTL_WHY_TEXT_H

#include <msgpack.h>

#include "ctl/screen.h"

#define WHY_INDENT 2 /* columns, below an execution's own line */

/* why_text_now.c: what one that has not ended waits for. */
void why_text_now(struct screen *, const msgpack_object *execution);
/* why_text_end.c: what ended one, or will. */
void why_text_end(struct screen *, const msgpack_object *execution);
/* "task pack[1]" */
void why_text_task(struct screen *, const msgpack_object *run);

#endif
