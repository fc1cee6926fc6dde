/*
 * worker: a thread for what would hold up the loop.  It sees nothing of the
 * daemon's state but what it is handed, or asks the loop for.
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct worker;

/* Part of what its owner needs for it, and the owner's again once it is done.
 */
struct worker_job {
	STAILQ_ENTRY(worker_job) entry;
	void (*work)(struct worker_job *); /* by the thread */
	/* By the loop; took: ns of the thread's time. */
	void (*done)(struct worker_job *, int64_t took);
	void (*drop)(struct worker_job *); /* instead of done: it ends */
};

struct worker *worker_new(struct event_base *);
/* Waits for the job that is being done, and drops it and the others. */
void worker_free(struct worker *);

/* Jobs are done one after the other.  False: there can be no thread now. */
bool worker_do(struct worker *, struct worker_job *);
/*
 * For the thread, in the middle of a job: has something done by the loop, and
 * waits for it.  False: it was not done, for the worker ends.
 */
bool worker_ask(struct worker *, void (*)(void *), void *);

#endif
