/*
 * input: values typed on a command line or kept in a file.
 */
#ifndef WEIR_CTL_INPUT_H
#define WEIR_CTL_INPUT_H

#include <msgpack.h>
#include <stdbool.h>

#include "ctl/arguments.h"

/*
 * Writes one value that was typed: a literal text where as_text, else YAML, and
 * so JSON too.  False once what is wrong has been said; name is for that.
 */
bool input_value(
    msgpack_sbuffer *, const char *name, const char *text, bool as_text);
/*
 * Writes the input of an execution: the file of --input, the pairs of -i over
 * it.  declared is the definition's map of inputs, or NULL.  Gives an exit
 * status once what is wrong has been said: EX_NOINPUT for a file that can't be
 * read.
 */
int input_pack(msgpack_sbuffer *, const struct arguments *,
    const msgpack_object *declared);

#endif
