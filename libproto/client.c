/* client: the connection to weird(8) behind weir.h. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "libproto/frame.h"
#include "libproto/inbox.h"
#include "libproto/message.h"
#include "libproto/paths.h"
#include "libproto/weir.h"

#define READ_SIZE 65536	     /* bytes at once */
#define WRITTEN_KEEP 65536   /* bytes of buffer kept when all is written */
#define CONNECT_TIMEOUT 5000 /* ms; a daemon that stands still */

/*
 * What the daemon may send.  An execution of thousands of items is far over
 * what the daemon itself takes.
 */
static const struct scan_limits limits = {
    256 * 1024 * 1024, SCAN_DEPTH_MAX, 64 * 1024 * 1024};

struct weir {
	int fd;
	int broken;	  /* WEIR_E of every call from now on; WEIR_OK */
	int broken_errno; /* of WEIR_ESYSTEM */
	bool deaf; /* the daemon takes no more bytes, but may have sent */
	uint32_t next_id;
	struct frame in;
	msgpack_sbuffer out;
	size_t written; /* bytes of out */
	struct pending pending;
	struct letters letters;
	struct letter *current; /* what the caller holds */
};

static int connect_to(const char *);
static bool connect_until(int, const struct sockaddr_un *, int64_t deadline);
static bool is_request(const char *, const void *, size_t);
static int fail(struct weir *, int);
static int advance(struct weir *, int64_t);
static void flush(struct weir *);
static void drop_written(struct weir *);
static int fill(struct weir *);
static int sort_in(struct weir *);
static int wait_for(struct weir *, int64_t);
static struct letter *find_answer(struct weir *, uint32_t);
static void hand_over(struct weir *, struct letter *, struct weir_message *);
static void let_go(struct weir *);
static int64_t now_ms(void);
static int64_t deadline_of(int);

int
weir_socket_path(const char *given, char *buffer, size_t size)
{
	return path_of_client_socket(given, buffer, size) ? 1 : 0;
}

struct weir *
weir_open(const char *socket)
{
	struct weir *weir;
	char path[PATH_MAX];
	int saved;

	if (!path_of_client_socket(socket, path, sizeof(path))) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	weir = calloc(1, sizeof(*weir));
	if (weir == NULL)
		return NULL;
	TAILQ_INIT(&weir->letters);
	frame_init(&weir->in, &limits);
	msgpack_sbuffer_init(&weir->out);
	weir->fd = connect_to(path);
	if (weir->fd < 0) {
		saved = errno;
		weir_close(weir);
		errno = saved;
		return NULL;
	}
	return weir;
}

void
weir_close(struct weir *weir)
{
	struct letter *letter;

	if (weir == NULL)
		return;
	while ((letter = TAILQ_FIRST(&weir->letters)) != NULL) {
		TAILQ_REMOVE(&weir->letters, letter, link);
		free(letter);
	}
	free(weir->current);
	pending_free(&weir->pending);
	frame_free(&weir->in);
	msgpack_sbuffer_destroy(&weir->out);
	if (weir->fd >= 0)
		close(weir->fd);
	free(weir);
}

int
weir_call(struct weir *weir, const char *method, const void *params,
    size_t size, int timeout, struct weir_message *message)
{
	struct letter *letter;
	int64_t id, deadline = deadline_of(timeout);
	int error;

	id = weir_send(weir, method, params, size);
	if (id < 0)
		return (int)id;
	do {
		error = advance(weir, deadline);
		letter = find_answer(weir, (uint32_t)id);
	} while (letter == NULL && error == WEIR_OK);
	if (letter == NULL) {
		/* An answer that comes later is nobody's. */
		pending_remove(&weir->pending, (uint32_t)id);
		return error;
	}
	hand_over(weir, letter, message);
	return message->error;
}

int64_t
weir_send(
    struct weir *weir, const char *method, const void *params, size_t size)
{
	uint32_t id = weir->next_id;

	let_go(weir);
	if (weir->broken != WEIR_OK)
		return fail(weir, weir->broken);
	if (!is_request(method, params, size)) {
		errno = EINVAL;
		return WEIR_ESYSTEM;
	}
	if (!pending_add(&weir->pending, id))
		return WEIR_ESYSTEM;
	drop_written(weir);
	if (!message_request(&weir->out, id, method, params, size)) {
		pending_remove(&weir->pending, id);
		errno = ENOMEM;
		return WEIR_ESYSTEM;
	}
	weir->next_id++;
	return id;
}

int
weir_receive(struct weir *weir, int timeout, struct weir_message *message)
{
	int64_t deadline = deadline_of(timeout);
	int error;

	let_go(weir);
	while (TAILQ_EMPTY(&weir->letters)) {
		error = advance(weir, deadline);
		if (error != WEIR_OK && TAILQ_EMPTY(&weir->letters))
			return error;
	}
	flush(weir);
	hand_over(weir, TAILQ_FIRST(&weir->letters), message);
	return WEIR_OK;
}

int
weir_descriptor(const struct weir *weir)
{
	return weir->fd;
}

int
weir_wants_write(const struct weir *weir)
{
	return weir->broken == WEIR_OK && weir->written < weir->out.size;
}

const char *
weir_strerror(int error)
{
	switch (error) {
	case WEIR_OK:
		return "no error";
	case WEIR_ESYSTEM:
		return strerror(errno);
	case WEIR_ECLOSED:
		return "the daemon closed the connection";
	case WEIR_EPROTOCOL:
		return "what came from the socket is not weird's protocol";
	case WEIR_ETIMEOUT:
		return "no answer in time";
	default:
		break;
	}
	if (error_meaning(error) != NULL)
		return error_meaning(error);
	return error > 0
	    ? "the daemon refused, with a code that this library does not know"
	    : "an error that this library does not know";
}

/* One map, or nothing: anything else would be read as another message. */
static bool
is_request(const char *method, const void *params, size_t size)
{
	const unsigned char *first = params;

	if (method == NULL || size == 0)
		return method != NULL;
	return params != NULL &&
	    ((*first & 0xf0) == 0x80 || *first == 0xde || *first == 0xdf) &&
	    scan_is_value(params, size, &limits);
}

/*
 * Connecting may block, for a moment, where many do; all else does not.  On
 * Linux it would for ever where the daemon stands still and many have tried.
 */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval for_ever = {0};
	int fd, flags, saved;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect_until(fd, &address, deadline_of(CONNECT_TIMEOUT)))
		goto failed;
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &for_ever, sizeof(for_ever));
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return fd;
failed:
	saved = errno == EAGAIN ? ETIMEDOUT : errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A signal does not begin the wait anew. */
static bool
connect_until(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	struct timeval patience;
	int64_t left;

	while ((left = deadline - now_ms()) > 0) {
		patience.tv_sec = (time_t)(left / 1000);
		patience.tv_usec = (suseconds_t)(left % 1000 * 1000);
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) == 0)
			return true;
		if (errno != EINTR)
			return false;
	}
	errno = ETIMEDOUT;
	return false;
}

/* Remembers what ended the connection, and says it again each time. */
static int
fail(struct weir *weir, int error)
{
	if (weir->broken == WEIR_OK) {
		weir->broken = error;
		weir->broken_errno = errno;
	}
	if (weir->broken == WEIR_ESYSTEM)
		errno = weir->broken_errno;
	return weir->broken;
}

/*
 * Writes and reads what can be, and waits for more until the deadline where
 * that was nothing.  WEIR_OK: something may have come.
 */
static int
advance(struct weir *weir, int64_t deadline)
{
	ssize_t got;

	if (weir->broken != WEIR_OK)
		return fail(weir, weir->broken);
	flush(weir);
	got = fill(weir);
	if (got == 0 && weir->deaf)
		return fail(weir, WEIR_ECLOSED);
	if (got == 0)
		return wait_for(weir, deadline);
	return got > 0 ? WEIR_OK : (int)got;
}

/*
 * Writes what the socket takes.  A daemon that takes no more may have said why
 * before it closed, so that this is no error yet; reading will find the end.
 */
static void
flush(struct weir *weir)
{
	while (!weir->deaf && weir->written < weir->out.size) {
		ssize_t n = send(weir->fd, weir->out.data + weir->written,
		    weir->out.size - weir->written, MSG_NOSIGNAL);

		if (n >= 0)
			weir->written += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno != EINTR)
			weir->deaf = true;
	}
	if (weir->out.alloc > WRITTEN_KEEP) {
		msgpack_sbuffer_destroy(&weir->out);
		msgpack_sbuffer_init(&weir->out);
	}
	weir->out.size = 0;
	weir->written = 0;
}

/* Makes sure that a buffer that is never empty does not grow for ever. */
static void
drop_written(struct weir *weir)
{
	if (weir->written <= weir->out.size / 2)
		return;
	weir->out.size -= weir->written;
	memmove(weir->out.data, weir->out.data + weir->written, weir->out.size);
	weir->written = 0;
}

/* Reads once: 1 with something new, 0 with nothing yet, or a WEIR_E. */
static int
fill(struct weir *weir)
{
	char bytes[READ_SIZE];
	ssize_t n = recv(weir->fd, bytes, sizeof(bytes), 0);

	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return fail(weir, WEIR_ECLOSED);
	if (n < 0 || !frame_append(&weir->in, bytes, (size_t)n))
		return fail(weir, WEIR_ESYSTEM);
	return sort_in(weir);
}

/*
 * Makes letters of all messages that are whole.  What the daemon could only
 * have said to somebody else, an answer to no question of ours, is dropped.
 */
static int
sort_in(struct weir *weir)
{
	struct letter *letter;
	enum scan_result result;
	const char *bytes;
	size_t size;
	int error;

	while (
	    (result = frame_take(&weir->in, &bytes, &size)) == SCAN_COMPLETE) {
		error = letter_new(bytes, size, &letter);
		if (error != WEIR_OK)
			return fail(weir, error);
		if (letter->message.kind == WEIR_RESPONSE &&
		    !pending_remove(&weir->pending, letter->message.msgid))
			free(letter);
		else
			TAILQ_INSERT_TAIL(&weir->letters, letter, link);
	}
	if (result != SCAN_MORE)
		return fail(weir, WEIR_EPROTOCOL);
	return 1;
}

/* The deadline is in ms of now_ms, or negative: for ever. */
static int
wait_for(struct weir *weir, int64_t deadline)
{
	struct pollfd pollfd = {.fd = weir->fd, .events = POLLIN};
	int64_t left = -1;
	int n;

	if (weir_wants_write(weir))
		pollfd.events |= POLLOUT;
	if (deadline >= 0) {
		left = deadline - now_ms();
		if (left <= 0)
			return WEIR_ETIMEOUT;
		if (left > INT_MAX)
			left = INT_MAX;
	}
	n = poll(&pollfd, 1, (int)left);
	if (n < 0 && errno != EINTR)
		return fail(weir, WEIR_ESYSTEM);
	return WEIR_OK;
}

static struct letter *
find_answer(struct weir *weir, uint32_t id)
{
	struct letter *letter;

	/* The newest are the likely ones. */
	TAILQ_FOREACH_REVERSE(letter, &weir->letters, letters, link)
	if (letter->message.kind == WEIR_RESPONSE &&
	    letter->message.msgid == id)
		return letter;
	return NULL;
}

/* Gives a letter to the caller, who keeps it until the next call. */
static void
hand_over(
    struct weir *weir, struct letter *letter, struct weir_message *message)
{
	TAILQ_REMOVE(&weir->letters, letter, link);
	weir->current = letter;
	*message = letter->message;
}

static void
let_go(struct weir *weir)
{
	free(weir->current);
	weir->current = NULL;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
deadline_of(int timeout)
{
	return timeout < 0 ? -1 : now_ms() + timeout;
}
