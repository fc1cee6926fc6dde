/* links: tests/random_request.c libproto/message.c libproto/message_write.c libproto/errors.c libproto/scan.c libproto/header.c libproto/unpack.c libproto/catalogue.c libproto/catalogue_check.c libproto/catalogue_text.c libproto/nearest.c libproto/utf8.c libproto/inbox.c libproto/pack.c ; libs: msgpack libbsd-overlay */
/*
 * message_fuzz: what a peer may send, as the daemon takes it (the method looked
 * up, its parameters checked), and as the client does.
 */

#include <msgpack.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/catalogue.h"
#include "libproto/inbox.h"
#include "libproto/message.h"
#include "tests/random_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct scan_limits limits = {
    MESSAGE_SIZE_MAX, MESSAGE_DEPTH_MAX, MESSAGE_ELEMENTS_MAX};

static void check_made(const uint8_t *, size_t);
static void check_called(const struct message *);
static void check_sentence(const char *, size_t);

static void
require(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct letter *letter;
	struct message message;
	const char *why;

	check_made(bytes, size);
	if (!scan_is_value(bytes, size, &limits))
		return 0;
	if (message_parse(bytes, size, &message, &why)) {
		if (message.kind != MESSAGE_RESPONSE)
			check_called(&message);
	} else {
		require(strlen(why) > 0);
	}
	if (letter_new((const char *)bytes, size, &letter) == WEIR_OK) {
		require(letter->message.error == 0 ||
		    (letter->message.name != NULL &&
			letter->message.text != NULL));
		require(letter->message.kind == WEIR_RESPONSE ||
		    letter->message.method != NULL);
		free(letter);
	}
	return 0;
}

/*
 * The bytes as the seed of a request, of which it is known whether it is
 * right.
 */
static void
check_made(const uint8_t *bytes, size_t size)
{
	struct random_requests requests = {.newest = 3};
	struct random_request made;
	struct message message;
	enum method_id id;
	msgpack_sbuffer buffer;
	msgpack_object params;
	msgpack_zone zone;
	const char *sentence;
	char why[256];
	bool ok;

	memcpy(&requests.seed, bytes, size < 8 ? size : 8);
	msgpack_sbuffer_init(&buffer);
	random_request_next(&requests, 7, &buffer, &made);
	require(scan_is_value(buffer.data, buffer.size, &limits));
	ok = message_parse(buffer.data, buffer.size, &message, &sentence);
	require(message.answerable && message.id == 7);
	require(msgpack_zone_init(&zone, 1024));
	if (ok && message_params(&message, &zone, &params))
		ok = catalogue_find(message.method, message.method_size, &id,
			 why, sizeof(why)) &&
		    catalogue_check(id, &params, why, sizeof(why));
	require(ok == (made.error == 0));
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
}

static void
check_called(const struct message *message)
{
	enum method_id id;
	msgpack_object params;
	msgpack_zone zone;
	char why[256];

	require(msgpack_zone_init(&zone, 1024));
	require(message_params(message, &zone, &params));
	if (!catalogue_find(
		message->method, message->method_size, &id, why, sizeof(why)))
		check_sentence(why, sizeof(why));
	/* One input is good for all methods. */
	for (unsigned i = 0; i < METHODS; i++)
		if (!catalogue_check(
			(enum method_id)i, &params, why, sizeof(why)))
			check_sentence(why, sizeof(why));
	msgpack_zone_destroy(&zone);
}

/* Nothing of a peer's reaches a terminal or a log as it came. */
static void
check_sentence(const char *why, size_t size)
{
	size_t length = strnlen(why, size);

	require(length > 0 && length < size);
	for (size_t i = 0; i < length; i++)
		require(why[i] >= ' ' && why[i] <= '~');
}
