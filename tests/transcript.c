/* transcript: talks to a daemon as a file says. */

#include "tests/transcript.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/frame.h"
#include "libproto/message.h"
#include "libproto/unpack.h"
#include "tests/transcript_json.h"

#define LINE_SIZE 65536
#define EVENTS_MAX 256

struct talk {
	const char *socket;
	int fd; /* -1: closed */
	uint32_t id;
	struct frame frame;
	FILE *out;
	/* That came where nothing says which of it comes before an answer. */
	char *events[EVENTS_MAX];
	size_t nevents;
};

static void open_connection(struct talk *);
static void send_request(struct talk *, const char *);
static void send_bytes(struct talk *, const char *);
static bool receive(struct talk *, const char **, size_t *);
static void answer(struct talk *, bool);
static void hold_event(struct talk *, const char *, size_t);
static void await_events(struct talk *, size_t);
static void answer_bytes(struct talk *);
static void print_message(const char *, size_t, FILE *);

void
transcript_replay(const char *socket, FILE *script, FILE *out)
{
	struct talk talk = {.socket = socket, .fd = -1, .out = out};
	static char line[LINE_SIZE];

	while (fgets(line, sizeof(line), script) != NULL) {
		if (line[0] == '<')
			continue; /* is written anew */
		fputs(line, out);
		if (strncmp(line, ">> ", 3) == 0) {
			send_bytes(&talk, line + 3);
			answer_bytes(&talk);
		} else if (strncmp(line, "> ", 2) == 0 ||
		    strncmp(line, "! ", 2) == 0) {
			send_request(&talk, line + 2);
			answer(&talk, line[0] == '!');
		} else if (strncmp(line, "~ ", 2) == 0) {
			await_events(&talk, strtoul(line + 2, NULL, 10));
		}
	}
	await_events(&talk, talk.nevents);
	if (talk.fd != -1) {
		close(talk.fd);
		frame_free(&talk.frame);
	}
}

static void
open_connection(struct talk *talk)
{
	const struct scan_limits limits = {
	    .size = 64 * 1024 * 1024,
	    .depth = MESSAGE_DEPTH_MAX,
	    .elements = MESSAGE_ELEMENTS_MAX,
	};
	const struct timeval patience = {.tv_sec = 60};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (talk->fd != -1)
		return;
	if (strlen(talk->socket) >= sizeof(address.sun_path))
		errx(1, "%s: too long", talk->socket);
	memcpy(address.sun_path, talk->socket, strlen(talk->socket) + 1);
	talk->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (talk->fd == -1 ||
	    connect(talk->fd, (struct sockaddr *)&address, sizeof(address)) ==
		-1)
		err(1, "%s", talk->socket);
	setsockopt(
	    talk->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	frame_init(&talk->frame, &limits);
}

static void
send_request(struct talk *talk, const char *text)
{
	size_t length = strcspn(text, " \n");
	const char *json = text + length + strspn(text + length, " \n");
	msgpack_sbuffer params, message;
	msgpack_packer packer;
	char method[64];

	open_connection(talk);
	snprintf(method, sizeof(method), "%.*s", (int)length, text);
	msgpack_sbuffer_init(&params);
	msgpack_sbuffer_init(&message);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	if (*json != '\0')
		json_to_msgpack(json, &packer);
	message_request(&message, ++talk->id, method, params.data, params.size);
	if (write(talk->fd, message.data, message.size) !=
	    (ssize_t)message.size)
		err(1, "write");
	msgpack_sbuffer_destroy(&params);
	msgpack_sbuffer_destroy(&message);
}

static void
send_bytes(struct talk *talk, const char *hex)
{
	unsigned char bytes[1024];
	char *end;
	size_t n = 0;

	open_connection(talk);
	for (; n < sizeof(bytes); n++, hex = end) {
		unsigned long byte = strtoul(hex, &end, 16);

		if (end == hex)
			break;
		bytes[n] = (unsigned char)byte;
	}
	if (write(talk->fd, bytes, n) != (ssize_t)n)
		err(1, "write");
}

/* False when the daemon has closed the connection. */
static bool
receive(struct talk *talk, const char **bytes, size_t *size)
{
	char buffer[4096];
	ssize_t n;

	for (;;) {
		enum scan_result result = frame_take(&talk->frame, bytes, size);

		if (result == SCAN_COMPLETE)
			return true;
		if (result != SCAN_MORE)
			errx(1, "%s", scan_result_text(result));
		n = read(talk->fd, buffer, sizeof(buffer));
		if (n == -1)
			err(1, "the daemon does not answer");
		if (n == 0)
			break;
		frame_append(&talk->frame, buffer, (size_t)n);
	}
	close(talk->fd);
	talk->fd = -1;
	frame_free(&talk->frame);
	return false;
}

/* Up to the response; notifications that come before it are held, or written
 * at once. */
static void
answer(struct talk *talk, bool at_once)
{
	struct message message;
	const char *bytes, *why;
	size_t size;

	for (;;) {
		if (!receive(talk, &bytes, &size)) {
			fputs("<< closed\n", talk->out);
			return;
		}
		if (!message_parse(bytes, size, &message, &why))
			errx(1, "%s", why);
		if (message.kind == MESSAGE_RESPONSE)
			break;
		hold_event(talk, bytes, size);
		if (at_once)
			await_events(talk, talk->nevents);
	}
	print_message(bytes, size, talk->out);
}

static void
hold_event(struct talk *talk, const char *bytes, size_t size)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (memory == NULL)
		err(1, "open_memstream");
	if (talk->nevents == EVENTS_MAX)
		errx(1, "more than %d events", EVENTS_MAX);
	print_message(bytes, size, memory);
	if (fclose(memory) != 0)
		err(1, "open_memstream");
	talk->events[talk->nevents++] = text;
}

static void
await_events(struct talk *talk, size_t n)
{
	const char *bytes;
	size_t size;

	while (talk->nevents < n) {
		if (!receive(talk, &bytes, &size))
			errx(1, "closed before %zu events came", n);
		hold_event(talk, bytes, size);
	}
	for (size_t i = 0; i < n; i++) {
		fputs(talk->events[i], talk->out);
		free(talk->events[i]);
	}
	talk->nevents -= n;
	memmove(talk->events, talk->events + n,
	    talk->nevents * sizeof(talk->events[0]));
}

static void
answer_bytes(struct talk *talk)
{
	const char *bytes;
	size_t size;

	do {
		if (!receive(talk, &bytes, &size)) {
			fputs("<< closed\n", talk->out);
			return;
		}
		fputs("<<", talk->out);
		for (size_t i = 0; i < size; i++)
			fprintf(talk->out, " %02x", (unsigned char)bytes[i]);
		fputc('\n', talk->out);
	} while (bytes[0] == '\x93'); /* a notification: "dropped" */
}

/* Without the kind and id of a response, which are the same everywhere. */
static void
print_message(const char *bytes, size_t size, FILE *out)
{
	msgpack_object object;
	msgpack_zone zone;

	msgpack_zone_init(&zone, 4096);
	if (!unpack_value(bytes, size, &zone, &object))
		errx(1, "an answer is no MessagePack");
	fputs("< ", out);
	if (object.via.array.size == 4) {
		bool failed =
		    object.via.array.ptr[2].type != MSGPACK_OBJECT_NIL;

		fputs(failed ? "error " : "", out);
		msgpack_to_json(&object.via.array.ptr[failed ? 2 : 3], out);
	} else {
		msgpack_to_json(&object, out);
	}
	fputc('\n', out);
	msgpack_zone_destroy(&zone);
}
