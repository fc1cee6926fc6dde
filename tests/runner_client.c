/* runner_client: starts a runner, and talks to it as a daemon does. */

#include "tests/runner_client.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 20000 /* ms for any one thing to happen */

static const char *
runner_program(void)
{
	const char *program;

	program = getenv("WEIR_RUNNER");
	if (program == NULL)
		program = "build/plain/weir-runner";
	ATF_REQUIRE_MSG(access(program, X_OK) == 0,
	    "%s: no runner to test: set WEIR_RUNNER", program);
	return program;
}

static void
set_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	ATF_REQUIRE(strlen(path) < sizeof sun->sun_path);
	strcpy(sun->sun_path, path);
}

void
begin(struct runner *r, before_exec *before)
{
	const char *program;
	struct sockaddr_un sun;
	int fd;

	memset(r, 0, sizeof *r);
	program = runner_program();
	ATF_REQUIRE(getcwd(r->dir, sizeof r->dir) != NULL);
	snprintf(r->path, sizeof r->path, "r.sock");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	set_address(&sun, r->path);
	ATF_REQUIRE(bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0);
	ATF_REQUIRE(listen(fd, 8) == 0);
	snprintf(r->path, sizeof r->path, "%s/r.sock", r->dir);
	r->pid = fork();
	ATF_REQUIRE(r->pid != -1);
	if (r->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		dup2(fd, 0);
		if (before != NULL)
			before();
		execl(program, "weir-runner", r->path, ID_TEXT, (char *)NULL);
		_exit(127);
	}
	close(fd);
	r->fd = -1;
}

static void
send_all(int fd, struct wire_buffer *b)
{
	ATF_REQUIRE(!b->failed);
	ATF_REQUIRE_EQ((ssize_t)(b->end - b->start),
	    write(fd, b->bytes + b->start, b->end - b->start));
	wire_buffer_free(b);
}

int
dial(void)
{
	struct sockaddr_un sun;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	set_address(&sun, "r.sock");
	ATF_REQUIRE(connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0);
	return fd;
}

int
receive(struct runner *r, struct wire_message *m)
{
	struct pollfd pfd;
	ssize_t n;
	int got;

	while ((got = wire_next(&r->in, m)) == 0) {
		wire_consume(&r->in, 0);
		pfd = (struct pollfd){.fd = r->fd, .events = POLLIN};
		ATF_REQUIRE_MSG(
		    poll(&pfd, 1, PATIENCE) == 1, "the runner did not answer");
		ATF_REQUIRE(wire_reserve(&r->in, 4096));
		n = read(r->fd, r->in.bytes + r->in.end, 4096);
		if (n <= 0)
			return 0;
		r->in.end += (size_t)n;
	}
	ATF_REQUIRE_EQ(1, got);
	return m->type;
}

struct wire_report
receive_report(struct runner *r, int type)
{
	struct wire_report report;
	struct wire_message m;

	ATF_REQUIRE_EQ(type, receive(r, &m));
	ATF_REQUIRE(wire_get_report(&m, &report));
	return report;
}

void
hang_up(struct runner *r)
{
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
	wire_buffer_free(&r->in);
}

void
greet(struct runner *r)
{
	struct wire_buffer b = {0};
	struct wire_message m;
	uint64_t id;

	hang_up(r);
	r->fd = dial();
	wire_put_id(&b, WIRE_HELLO, ID);
	send_all(r->fd, &b);
	do /* a command that ends now may be told first */
		ATF_REQUIRE(receive(r, &m) != 0);
	while (m.type != WIRE_WELCOME);
	ATF_REQUIRE(wire_get_id(&m, &id));
	ATF_REQUIRE(id == ID);
	ATF_REQUIRE_EQ(WIRE_VERSION, m.version);
}

static struct wire_key
key(uint64_t execution)
{
	return (struct wire_key){execution, 0, UINT32_MAX, 1};
}

static char *const plain_env[] = {
    (char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};

struct wire_start *
shell(struct runner *r, uint64_t execution, const char *command)
{
	static struct wire_start start;
	static char out[512], err[512];
	static char *argv[] = {
	    (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", NULL, NULL};

	argv[2] = (char *)(uintptr_t)command;
	memset(&start, 0, sizeof start);
	start.key = key(execution);
	start.uid = start.gid = WIRE_KEPT;
	start.cwd = r->dir;
	start.in = "";
	snprintf(out, sizeof out, "%s/out.%d", r->dir, (int)execution);
	snprintf(err, sizeof err, "%s/err.%d", r->dir, (int)execution);
	start.out = out;
	start.err = err;
	start.argv = argv;
	start.env = (char **)(uintptr_t)plain_env;
	return &start;
}

void
ask(struct runner *r, const struct wire_start *start)
{
	struct wire_buffer b = {0};

	ATF_REQUIRE(wire_put_start(&b, start));
	send_all(r->fd, &b);
}

struct wire_report
run(struct runner *r, uint64_t execution, const char *command)
{
	ask(r, shell(r, execution, command));
	return receive_report(r, WIRE_STARTED);
}

void
acknowledge(struct runner *r, uint64_t execution)
{
	struct wire_buffer b = {0};
	struct wire_key k = key(execution);

	wire_put_key(&b, WIRE_ACK, &k);
	send_all(r->fd, &b);
}

void
say(struct runner *r, enum wire_type type)
{
	struct wire_buffer b = {0};

	wire_put(&b, type);
	send_all(r->fd, &b);
}

void
send_signal(struct runner *r, uint64_t execution, int signo)
{
	struct wire_buffer b = {0};
	struct wire_key k = key(execution);

	wire_put_signal(&b, &k, signo);
	send_all(r->fd, &b);
}

void
check_file(const char *path, const char *wanted)
{
	char text[4096];
	size_t n;
	FILE *f;

	f = fopen(path, "r");
	ATF_REQUIRE_MSG(f != NULL, "%s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	ATF_REQUIRE_STREQ(wanted, text);
}

void
wait_fifo(const char *path)
{
	char byte;
	int fd;

	fd = open(path, O_RDONLY);
	ATF_REQUIRE(fd != -1);
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

void
end(struct runner *r)
{
	hang_up(r);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
}
