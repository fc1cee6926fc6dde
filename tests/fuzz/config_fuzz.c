/* links: daemon/config.c daemon/config_key.c daemon/core/quantity.c daemon/core/alloc.c daemon/log.c libproto/nearest.c ; libs: yaml-0.1 */
/*
 * config_fuzz: any bytes as weird.conf are taken, or refused with at least one
 * place and sentence that can be shown; what is taken keeps its bounds.
 */

#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_key.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static void hear(void *, size_t, size_t, const char *);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
hear(void *ctx, size_t line, size_t column, const char *message)
{
	require(line > 0 && column > 0 && message[0] != '\0');
	for (; *message != '\0'; message++)
		require((unsigned char)*message >= ' ' && *message != 0x7f);
	++*(unsigned *)ctx;
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	struct config *config = config_new();
	unsigned count = 0;
	struct config_errors errors = {hear, &count};

	if (config_parse(config, (const char *)bytes, size, &errors)) {
		require(count == 0);
		require(config->callouts.max >= 1 &&
		    config->callouts.max <= 1000000);
		require(config->limits.message >= 4096);
		require(
		    config->socket_mode >= 0 && config->socket_mode <= 0777);
		require(config->socket == NULL || config->socket[0] == '/');
	} else
		require(count > 0);
	config_free(config);
	return 0;
}
