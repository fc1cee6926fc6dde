/* links: daemon/worker.c daemon/thread.c daemon/loop.c daemon/log.c daemon/log_limit.c daemon/log_limited.c daemon/clock.c daemon/core/alloc.c ; libs: libevent_core pthread */
/* worker_test: what a thread does beside the loop, and what comes back. */

#include <atf-c.h>
#include <pthread.h>
#include <string.h>

#include "daemon/loop.h"
#include "daemon/worker.h"

#define JOBS 8

struct asking_job {
	struct worker_job job;
	struct scene *scene;
	unsigned number;
	unsigned questions;
	unsigned answers;
	bool worked;
	bool asked; /* the last of its questions */
	bool done;
	bool dropped;
};

struct scene {
	struct event_base *base;
	struct worker *worker;
	pthread_t loop;
	struct asking_job jobs[JOBS];
	unsigned order[JOBS]; /* in which they were done */
	unsigned done;
	unsigned dropped;
};

static struct asking_job *of(struct worker_job *);
static void work(struct worker_job *);
static void answer(void *);
static void done(struct worker_job *, int64_t);
static void drop(struct worker_job *);
static void begin(struct scene *, unsigned questions);

static struct asking_job *
of(struct worker_job *job)
{
	return (struct asking_job *)((char *)job -
	    offsetof(struct asking_job, job));
}

static void
work(struct worker_job *job)
{
	struct asking_job *asking = of(job);

	ATF_CHECK(!pthread_equal(asking->scene->loop, pthread_self()));
	for (unsigned i = 0; i < asking->questions; i++)
		asking->asked =
		    worker_ask(asking->scene->worker, answer, asking);
	asking->worked = true;
}

static void
answer(void *ctx)
{
	struct asking_job *asking = ctx;

	ATF_CHECK(pthread_equal(asking->scene->loop, pthread_self()));
	asking->answers++;
}

static void
done(struct worker_job *job, int64_t took)
{
	struct asking_job *asking = of(job);
	struct scene *scene = asking->scene;

	ATF_CHECK(took >= 0);
	ATF_CHECK(pthread_equal(scene->loop, pthread_self()));
	asking->done = true;
	scene->order[scene->done++] = asking->number;
}

static void
drop(struct worker_job *job)
{
	struct asking_job *asking = of(job);

	asking->dropped = true;
	asking->scene->dropped++;
}

static void
begin(struct scene *scene, unsigned questions)
{
	memset(scene, 0, sizeof(*scene));
	scene->base = loop_new();
	scene->worker = worker_new(scene->base);
	scene->loop = pthread_self();
	for (unsigned i = 0; i < JOBS; i++) {
		scene->jobs[i] = (struct asking_job){
		    .job = {.work = work, .done = done, .drop = drop},
		    .scene = scene,
		    .number = i,
		    .questions = questions,
		};
		ATF_REQUIRE(worker_do(scene->worker, &scene->jobs[i].job));
	}
}

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	struct scene scene;

	begin(&scene, 100);
	while (scene.done < JOBS)
		event_base_loop(scene.base, EVLOOP_ONCE);
	for (unsigned i = 0; i < JOBS; i++) {
		ATF_CHECK_EQ(i, scene.order[i]);
		ATF_CHECK_EQ(100, scene.jobs[i].answers);
		ATF_CHECK(scene.jobs[i].worked && scene.jobs[i].asked);
	}
	worker_free(scene.worker);
	ATF_CHECK_EQ(0, scene.dropped);
	event_base_free(scene.base);
}

/* Nobody answers any more: what asks goes on without, and is dropped. */
ATF_TC_WITHOUT_HEAD(ends);
ATF_TC_BODY(ends, tc)
{
	struct scene scene;

	begin(&scene, 1);
	worker_free(scene.worker);
	ATF_CHECK_EQ(0, scene.done);
	ATF_CHECK_EQ(JOBS, scene.dropped);
	for (unsigned i = 0; i < JOBS; i++) {
		ATF_CHECK(scene.jobs[i].dropped);
		ATF_CHECK(!scene.jobs[i].asked);
		ATF_CHECK_EQ(0, scene.jobs[i].answers);
	}
	event_base_free(scene.base);
}

/* Without anything to do there is no thread. */
ATF_TC_WITHOUT_HEAD(idle);
ATF_TC_BODY(idle, tc)
{
	struct event_base *base = loop_new();

	worker_free(worker_new(base));
	event_base_free(base);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, idle);
	return atf_no_error();
}
