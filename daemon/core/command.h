/*
 * command: what somebody wants or what came to be, as a plain value with the
 * time in it; and the reply to it.
 */
#ifndef WEIR_CORE_COMMAND_H
#define WEIR_CORE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/definition.h"
#include "daemon/core/lifecycle.h"
#include "daemon/core/outcome.h"
#include "daemon/core/value.h"
#include "libproto/errors.h"

struct run;
struct workflow;

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

/* Who asks: the kernel's word for it, and what weird.conf makes of them. */
struct actor {
	uint32_t uid;
	uint32_t gid;
	const char *name;
	enum role role;
	bool operates_any; /* may act on others' executions too */
	const char *const *groups;
	unsigned ngroups;
};

enum command_type {
	COMMAND_TICK,		    /* nothing but the time */
	COMMAND_ENGINE_PAUSE,	    /* reason freeze */
	COMMAND_ENGINE_RESUME,	    /* early */
	COMMAND_DEFINITION_PUT,	    /* definition */
	COMMAND_DEFINITION_ENABLE,  /* name */
	COMMAND_DEFINITION_DISABLE, /* name, reason */
	COMMAND_DEFINITION_SAFETY,  /* name, value: the caps, or NULL */
	COMMAND_START,	 /* name version value labels domains key correlation
			    priority */
	COMMAND_PAUSE,	 /* execution reason freeze hold */
	COMMAND_RESUME,	 /* execution all early */
	COMMAND_REPLAY,	 /* execution version value */
	COMMAND_RESTART, /* execution latest */
	COMMAND_RERUN,	 /* execution value correlation domains */
	COMMAND_RERUN_TASKS, /* execution tasks no_reset task_input */
	COMMAND_RETRY,	     /* execution resume_subworkflows */
	COMMAND_CANCEL,	     /* execution reason kill */
	COMMAND_TERMINATE,   /* execution reason failure_workflow */
	COMMAND_UPDATE,	 /* execution name item status terminal value reason */
	COMMAND_SKIP,	 /* execution name item value reason */
	COMMAND_SIGNAL,	 /* execution name value tree */
	COMMAND_APPROVE, /* execution name reason */
	COMMAND_REJECT,	 /* execution name reason */
	COMMAND_CALLOUT_ENDED,	   /* callout result */
	COMMAND_DELETE,		   /* execution reason */
	COMMAND_DEFINITION_DELETE, /* name */
	COMMAND_REMOVE_LOGS,	   /* execution reason: they are too much */
	COMMANDS
};

/* All is borrowed for as long as the step takes. */
struct command {
	enum command_type type;
	int64_t now; /* ns since the epoch; never goes back, and never leaps */
	/* ns since the epoch, as the wall clock has it, set to whatever it may
	 * be; 0: as now */
	int64_t wall;
	struct actor by;
	uint64_t execution;
	uint64_t if_revision;  /* 0: whichever */
	int if_status;	       /* enum execution_status; -1: whichever */
	const char *name;      /* workflow, task or signal */
	uint32_t version;      /* 0: the latest */
	uint32_t item;	       /* EVENT_NONE: all there are */
	struct value *value;   /* input or output */
	struct value *labels;  /* a map of strings */
	struct value *domains; /* the same: where to run instead */
	const char *reason;    /* or note */
	const char *key;       /* idempotency key */
	const char *correlation;
	int32_t priority;
	bool kill;
	bool early;
	bool freeze;
	bool hold;
	bool all;
	bool latest;
	bool resume_subworkflows;
	struct value *tasks;	  /* a list of names */
	struct value *no_reset;	  /* those that keep the items that are done */
	struct value *task_input; /* a map: more input for the tasks */
	bool tree;
	bool failure_workflow;
	bool terminal;		 /* of an update to failed: no retry */
	enum task_status status; /* of an update */
	struct definition *definition;
	struct callout_key callout;
	struct callout_result result;
};

/* What came of a command. */
struct reply {
	enum error_code error; /* ERROR_NONE: done */
	char message[512];     /* of an error: a sentence */
	uint64_t execution;    /* started, or acted on */
	uint64_t revision;     /* of the execution; of a refusal too */
	int status;	       /* of the execution; -1: none */
	uint32_t version;      /* of the definition put or started */
	uint32_t deleted;      /* executions: those below it too */
	unsigned left_paused; /* subworkflows that a resume left as they were */
	uint64_t first_left;  /* one of them */
	/* Of an engine_paused: what may not start; NULL: the engine. */
	const struct workflow *workflow;
	/*
	 * Of a state_conflict: what would not be refused now, a bit for each
	 * move of the execution, or of the run's task where there is a run.
	 */
	uint32_t allowed;
	const struct run *run;
	bool says_allowed; /* the message ends with that */
	bool created;	   /* false: was there already */
};

#endif
