/* worker: a thread for what would hold up the loop */

#ifdef __linux__
#include <sys/resource.h>
#endif

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/thread.h"
#include "daemon/worker.h"

STAILQ_HEAD(job_list, worker_job);

/* All but the first four under the lock. */
struct worker {
	pthread_t thread;
	bool has_thread;
	struct wake wake;
	struct event *woken;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job_list waiting;
	struct worker_job *done; /* the loop has not been told yet */
	int64_t took;
	void (*ask)(void *); /* what the loop is to do; NULL: nothing */
	void *ask_ctx;
	bool ends;
};

static bool begin(struct worker *);
static void *run(void *);
static void be_nice(void);
static void on_woken(evutil_socket_t, short, void *);
static void answer(struct worker *);
static void finish(struct worker *);

struct worker *
worker_new(struct event_base *base)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));

	STAILQ_INIT(&worker->waiting);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	if (!wake_open(&worker->wake)) {
		log_error("can't make a descriptor to be woken by: %s",
		    strerror(errno));
		exit(EX_OSERR);
	}
	worker->woken = loop_event(
	    base, worker->wake.fd, EV_READ | EV_PERSIST, on_woken, worker);
	loop_add(worker->woken, NULL);
	return worker;
}

void
worker_free(struct worker *worker)
{
	struct worker_job *job;

	pthread_mutex_lock(&worker->lock);
	worker->ends = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	if (worker->has_thread)
		pthread_join(worker->thread, NULL);
	if (worker->done != NULL)
		worker->done->drop(worker->done);
	while ((job = STAILQ_FIRST(&worker->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&worker->waiting, entry);
		job->drop(job);
	}
	event_free(worker->woken);
	wake_close(&worker->wake);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* Only a daemon that has something for it has the thread. */
static bool
begin(struct worker *worker)
{
	/* Each large request of anybody's tries it again. */
	static const struct log_about about = {
	    LOG_KIND_ACCEPT, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	int result;

	if (worker->has_thread)
		return true;
	result = thread_start(&worker->thread, run, worker);
	worker->has_thread = result == 0;
	if (result != 0)
		log_limited(&about,
		    "can't start a thread for large requests: %s; they are "
		    "done without, and others wait for them: raise the limit "
		    "of processes",
		    strerror(result));
	return worker->has_thread;
}

bool
worker_do(struct worker *worker, struct worker_job *job)
{
	if (!begin(worker))
		return false;
	pthread_mutex_lock(&worker->lock);
	STAILQ_INSERT_TAIL(&worker->waiting, job, entry);
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	return true;
}

static void *
run(void *ctx)
{
	struct worker *worker = ctx;
	struct worker_job *job;
	int64_t began;

	be_nice();
	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (!worker->ends &&
		    (worker->done != NULL || STAILQ_EMPTY(&worker->waiting)))
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (worker->ends)
			break;
		job = STAILQ_FIRST(&worker->waiting);
		STAILQ_REMOVE_HEAD(&worker->waiting, entry);
		pthread_mutex_unlock(&worker->lock);
		began = clock_uptime();
		job->work(job);
		pthread_mutex_lock(&worker->lock);
		worker->took = clock_uptime() - began;
		worker->done = job;
		wake_signal(&worker->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Where threads have a priority of their own: the loop's work is shorter. */
static void
be_nice(void)
{
#ifdef __linux__
	(void)setpriority(PRIO_PROCESS, 0, 5);
#endif
}

bool
worker_ask(struct worker *worker, void (*ask)(void *), void *ctx)
{
	bool asked;

	pthread_mutex_lock(&worker->lock);
	worker->ask = ask;
	worker->ask_ctx = ctx;
	wake_signal(&worker->wake);
	while (!worker->ends && worker->ask != NULL)
		pthread_cond_wait(&worker->changed, &worker->lock);
	asked = worker->ask == NULL;
	worker->ask = NULL;
	pthread_mutex_unlock(&worker->lock);
	return asked;
}

static void
on_woken(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *worker = ctx;

	(void)fd;
	(void)what;
	wake_clear(&worker->wake);
	answer(worker);
	finish(worker);
}

static void
answer(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->ask != NULL) {
		worker->ask(worker->ask_ctx);
		worker->ask = NULL;
		pthread_cond_broadcast(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
}

static void
finish(struct worker *worker)
{
	struct worker_job *job;
	int64_t took;

	pthread_mutex_lock(&worker->lock);
	job = worker->done;
	took = worker->took;
	worker->done = NULL;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	if (job != NULL)
		job->done(job, took);
}
