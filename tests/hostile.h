/*
 * hostile: what hostile clients are made of.
 */
#ifndef WEIR_TESTS_HOSTILE_H
#define WEIR_TESTS_HOSTILE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libproto/weir.h"

/* A connection; tries again where the daemon's queue of them is full. */
int hostile_dial(void);
/* The same as another user, which root can. */
int hostile_dial_as(uid_t);
/* All of it; false when the daemon has ended the connection. */
bool hostile_send(int fd, const void *, size_t);
/* Reads and forgets what there is, without waiting; false at the end. */
bool hostile_skim(int fd);
/* Reads up to the end of the connection; the caller frees the text. */
char *hostile_hear(int fd, size_t *size);

/* JSON with ' for ", packed into a buffer that is made for it. */
void hostile_pack(msgpack_sbuffer *, const char *);
/* A request with parameters as JSON with ' for ". */
void hostile_request(
    msgpack_sbuffer *, uint32_t id, const char *method, const char *params);
/* The same again and again, with ids that grow, until there are that many. */
void hostile_requests(
    msgpack_sbuffer *, unsigned n, const char *method, const char *params);

/*
 * Calls and demands that it is granted; gives the result's id, or 0 where it
 * has none.
 */
uint64_t hostile_call(struct weir *, const char *method, const char *params);
/* Starts so many executions of the workflow, pipelined. */
void hostile_populate(struct weir *, unsigned n, const char *params);

#endif
