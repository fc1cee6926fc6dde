/* links: daemon/callout_output.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/scan.c libproto/header.c ; libs: msgpack jansson */
/*
 * output_fuzz: what a command has written, as each kind of output: it becomes
 * a value that others can read, or a sentence says why not.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/callout_edge.h"
#include "daemon/core/value.h"
#include "libproto/scan.h"

#define OUTPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char path[64];

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
remove_file(void)
{
	unlink(path);
}

static void
write_file(const uint8_t *bytes, size_t size)
{
	int fd;

	if (*path == '\0') {
		snprintf(path, sizeof(path), "%s/output_fuzz.%d",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
		    (int)getpid());
		atexit(remove_file);
		output_begin();
	}
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	require(fd != -1);
	require(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const enum spec_output kinds[] = {
	    OUTPUT_TEXT, OUTPUT_LINES, OUTPUT_JSON};
	const struct scan_limits limits = {
	    CALLOUT_VALUE_MAX(OUTPUT_MAX), VALUE_DEPTH_MAX, UINT32_MAX};

	write_file(bytes, size);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *error;
		struct value *value =
		    output_read(path, kinds[i], OUTPUT_MAX, &error);

		require((value == NULL) == (error != NULL));
		require(value == NULL ||
		    scan_is_value(value->bytes, value->size, &limits));
		value_unref(value);
		free(error);
	}
	return 0;
}
