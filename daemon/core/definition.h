/*
 * definition: a workflow as its file describes it, checked and compiled.
 * weir-workflow(5) has the keys.  Immutable; shared by all its executions.
 */
#ifndef WEIR_CORE_DEFINITION_H
#define WEIR_CORE_DEFINITION_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/template.h"
#include "daemon/core/value.h"

#define NAME_LENGTH_MAX 64 /* of a workflow; bytes */
#define DEFINITION_TASKS_MAX 4096
#define DEFINITION_DEPTH_MAX 32 /* subworkflows in subworkflows */

enum action_kind {
	ACTION_RUN,
	ACTION_WORKFLOW,
	ACTION_WAIT,
	ACTION_SET,
	ACTION_END,
};

enum input_type {
	INPUT_STRING,
	INPUT_INTEGER,
	INPUT_NUMBER,
	INPUT_BOOLEAN,
	INPUT_LIST,
	INPUT_MAP,
	INPUT_ANY,
};

enum output_kind { OUTPUT_NONE, OUTPUT_TEXT, OUTPUT_LINES, OUTPUT_JSON };

enum wait_kind {
	WAIT_FOR,   /* a duration */
	WAIT_UNTIL, /* a point in time */
	WAIT_SIGNAL,
	WAIT_APPROVAL,
};

enum when {
	WHEN_ALWAYS,
	WHEN_COMPLETED,
	WHEN_FAILED,
	WHEN_CANCELED,
	WHEN_EXPR
};

enum on_lost { LOST_DEFAULT, LOST_RETRY, LOST_FAIL, LOST_ASK };

enum backoff { BACKOFF_FIXED, BACKOFF_LINEAR, BACKOFF_EXPONENTIAL };

enum end_status { END_COMPLETED, END_FAILED, END_TERMINATED };

#define JOIN_NONE 0 /* each arrival starts the task */
#define JOIN_ALL UINT32_MAX

struct input_declaration {
	char *name;
	enum input_type type;
	bool required;
	struct value *fallback; /* the default; NULL: none, or null */
};

/* One entry of a task's next; a needs: elsewhere adds one here. */
struct next {
	enum when when;
	struct template *condition; /* WHEN_EXPR */
	struct template *set;	    /* a map, or NULL */
	uint32_t *to;		    /* task numbers */
	uint32_t nto;
};

struct retry {
	uint32_t count; /* attempts after the first */
	int64_t delay;	/* ns */
	enum backoff backoff;
	int64_t max_delay;	 /* ns; 0: no cap */
	uint32_t jitter_percent; /* of the delay, either way */
	struct template *when;	 /* NULL: always */
};

/* One rlimit (RLIMIT_ name in lower case) or "nice"; -1 is unlimited. */
struct task_limit {
	char *name;
	int64_t value;
};

struct task_definition {
	char *name;
	uint32_t number; /* its place in definition.tasks */
	enum action_kind kind;
	union {
		struct {
			struct template *argv;	/* a list, or a string */
			bool shell;		/* a string: sh -c */
			struct template *cwd;	/* or NULL: one of its own */
			struct template *env;	/* a map, or NULL */
			struct template *input; /* stdin:, or NULL */
			enum output_kind output;
			uint8_t success[32]; /* bit n: exit code n completes */
			uint8_t fatal[32];   /* bit n: never retried */
			int64_t kill_after;  /* ns between TERM and KILL */
			struct task_limit *limits;
			uint32_t nlimits;
		} run;
		struct {
			char *name;
			uint32_t version; /* 0: the latest when it starts */
			struct template *input; /* a map, or NULL */
			bool detach;
		} workflow;
		struct {
			enum wait_kind kind;
			/* a duration or time (string or integer ns), the
			 * signal's name, the approval's question */
			struct template *value;
			char **from; /* groups; none: who operates it */
			uint32_t nfrom;
			int64_t timeout; /* ns; 0: none */
		} wait;
		struct template *set; /* a map */
		struct {
			enum end_status status;
			struct template *reason; /* or NULL */
			struct template *output; /* or NULL */
		} end;
	} u;
	struct template *items; /* a list; NULL: no items */
	uint32_t parallel;	/* items at a time; 0: all */
	int64_t timeout;	/* ns; 0: none */
	struct retry retry;
	enum on_lost on_lost;
	bool optional;
	int32_t priority;
	char *domain;	       /* "local" unless given */
	struct template *cost; /* or NULL */
	uint32_t join;	       /* JOIN_NONE, JOIN_ALL or a number */
	uint32_t *before;      /* the tasks that lead here, each once */
	uint32_t nbefore;      /* 0: starts first */
	struct next *next;
	uint32_t nnext;
};

/*
 * Caps that pause a workflow; a max of 0 is none.  The periods are ns.  Costs
 * have no unit of their own.
 */
enum cap { CAP_STARTS, CAP_COST, CAPS };

struct safety {
	uint32_t starts_max;
	int64_t starts_per;
	double cost_max;
	int64_t cost_per;
};

struct definition_memory; /* one block for all of it; definition_memory.h */

struct definition {
	uint32_t refs;
	uint32_t version;     /* set by whoever stores it */
	struct value *source; /* the map it was made of */
	char *name;
	char *description; /* or NULL */
	struct input_declaration *inputs;
	uint32_t ninputs;
	struct template *vars;	 /* a map, or NULL */
	struct template *output; /* or NULL */
	int64_t timeout;	 /* ns; 0: none */
	char *on_failure;	 /* a workflow's name, or NULL */
	bool kill_on_error;
	uint32_t parallel_tasks; /* 0: no limit */
	uint32_t parallel_runs;	 /* 0: no limit */
	struct safety safety;
	char **secrets; /* keys */
	uint32_t nsecrets;
	struct task_definition *tasks;
	uint32_t ntasks;
	uint32_t *by_name; /* task numbers in the order of the names */
	struct definition_memory *memory;
};

/* One thing wrong with a definition. */
struct definition_error {
	char *path;	/* JSON pointer: "/tasks/build/retry/count" */
	bool at_key;	/* the key is wrong, not what stands under it */
	size_t offset;	/* bytes into the string there; 0 otherwise */
	char *found;	/* may be NULL */
	char *expected; /* may be NULL */
	char *message;	/* the whole sentence */
};

struct definition_errors {
	struct definition_error *list;
	size_t count;
	size_t left_out; /* past the 100 that are kept */
};

/*
 * Finds a stored definition for the checks that look into subworkflows (which
 * inputs they have, what they contain); NULL: not known, which is no error.
 */
typedef const struct definition *
definition_finder(const void *, const char *name, uint32_t version);

/*
 * Checks and compiles.  NULL when there are errors, all of which are then in
 * the list; the caller frees it either way with definition_errors_free.  The
 * finder may be NULL.
 */
struct definition *
definition_parse(struct expressions *, const msgpack_object *,
    definition_finder *, const void *, struct definition_errors *);
/*
 * One that was stored before: what only later versions refuse is let be, or
 * its journal could not be read any more.
 */
struct definition *definition_load(
    struct expressions *, const msgpack_object *, struct definition_errors *);
/*
 * Hands it over to these expressions, which run it from now on: one that was
 * parsed with others, by another thread.
 */
void definition_adopt(struct definition *, struct expressions *);
struct definition *definition_ref(struct definition *);
void definition_unref(struct definition *);
void definition_errors_free(struct definition_errors *);

/* UINT32_MAX where there is no such task. */
uint32_t definition_task(const struct definition *, const char *, size_t);

/*
 * The input of an execution: what was given, checked against the declarations,
 * with the defaults put in.  NULL with a sentence in the buffer when it does
 * not fit: "input: version is missing (a string)".  The sentence repeats no
 * value: it may be shown to others than the value is.
 */
struct value *definition_input(
    const struct definition *, const struct value *given, char *, size_t);
/* The same where its names too come from an expression: they are not told. */
struct value *definition_input_made(
    const struct definition *, const struct value *given, char *, size_t);

/* "10s" and the like, or an integer of ns; false for anything else. */
bool parse_duration(const msgpack_object *, int64_t *ns);
/* "64K" and the like, or an integer of bytes. */
bool parse_size(const msgpack_object *, int64_t *bytes);
/* RFC 3339, "2027-01-01T00:00:00Z"; ns since the epoch. */
bool parse_time(const char *, size_t, int64_t *ns);

#endif
