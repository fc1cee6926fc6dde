/*
 * transcript_json: MessagePack as JSON and back, for transcripts.
 */
#ifndef WEIR_TESTS_TRANSCRIPT_JSON_H
#define WEIR_TESTS_TRANSCRIPT_JSON_H

#include <msgpack.h>
#include <stdio.h>

/* From JSON with ' for "; ends the program where it is none. */
void json_to_msgpack(const char *, msgpack_packer *);
/* On one line; under keys whose values differ from run to run "*". */
void msgpack_to_json(const msgpack_object *, FILE *);

#endif
