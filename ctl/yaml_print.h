/*
 * yaml_print: a value as YAML that reads back as the same value.
 */
#ifndef WEIR_CTL_YAML_PRINT_H
#define WEIR_CTL_YAML_PRINT_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>

bool document_print(FILE *, const msgpack_object *);

#endif
