/* callout_spec: reads what core rendered of a callout. */

#include "daemon/callout_edge.h"
#include "daemon/core/zone.h"

#include <sys/resource.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads the value of one key; false with a sentence. */
typedef bool
field_reader(struct spec *, const msgpack_object *, char *, size_t);

static field_reader read_cwd_made, read_env_made, read_argv, read_cwd, read_env,
    read_stdin, read_output, read_limits, read_domain_of_task, read_domain,
    read_task, read_workflow, read_uid, read_gid;
static void *allocate(struct spec *, size_t);
static char *string(struct spec *, const msgpack_object *);
static bool limit_add(struct spec *, const char *, int64_t, char *, size_t);

static const struct {
	const char *key;
	field_reader *read;
} fields[] = {
    {"cwd_made", read_cwd_made},
    {"env_made", read_env_made},
    {"argv", read_argv},
    {"cwd", read_cwd},
    {"env", read_env},
    {"stdin", read_stdin},
    {"output", read_output},
    {"limits", read_limits},
    {"domain_of_task", read_domain_of_task},
    {"domain", read_domain},
    {"task", read_task},
    {"workflow", read_workflow},
    {"uid", read_uid},
    {"gid", read_gid},
};

static const struct {
	const char *name;
	uint32_t resource;
} limits[] = {
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"nofile", RLIMIT_NOFILE},
    {"stack", RLIMIT_STACK},
#ifdef RLIMIT_MEMLOCK
    {"memlock", RLIMIT_MEMLOCK},
#endif
#ifdef RLIMIT_NPROC
    {"nproc", RLIMIT_NPROC},
#endif
#ifdef RLIMIT_RSS
    {"rss", RLIMIT_RSS},
#endif
};

bool
spec_open(struct spec *s, const struct value *value, char *error, size_t size)
{
	const msgpack_object *entry;
	msgpack_object root;
	size_t i;

	memset(s, 0, sizeof *s);
	s->task = s->workflow = "";
	s->uid = (uid_t)-1;
	s->gid = (gid_t)-1;
	zone_init(&s->zone, 1024);
	if (!value_unpack(value, &s->zone, &root) ||
	    root.type != MSGPACK_OBJECT_MAP) {
		snprintf(error, size, "nothing says what to run");
		return false;
	}
	for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		entry = object_get(&root, fields[i].key);
		if (entry == NULL || entry->type == MSGPACK_OBJECT_NIL)
			continue;
		if (!fields[i].read(s, entry, error, size))
			return false;
	}
	if (s->argv == NULL) {
		snprintf(error, size, "no command to run");
		return false;
	}
	return true;
}

void
spec_close(struct spec *s)
{
	msgpack_zone_destroy(&s->zone);
}

uid_t
spec_user(const struct spec *s)
{
	return s->uid == (uid_t)-1 || geteuid() != 0 ? geteuid() : s->uid;
}

const char *
spec_limit_name(uint32_t resource)
{
	size_t i;

	for (i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (limits[i].resource == resource)
			return limits[i].name;
	return "unknown";
}

static void *
allocate(struct spec *s, size_t size)
{
	return zone_malloc(&s->zone, size);
}

/* NULL for what is no string, or has a NUL byte in it. */
static char *
string(struct spec *s, const msgpack_object *o)
{
	char *copy;

	if (o->type != MSGPACK_OBJECT_STR ||
	    memchr(o->via.str.ptr, '\0', o->via.str.size) != NULL)
		return NULL;
	copy = allocate(s, (size_t)o->via.str.size + 1);
	memcpy(copy, o->via.str.ptr, o->via.str.size);
	copy[o->via.str.size] = '\0';
	return copy;
}

/* Specs of earlier versions of weir do not have these two. */
static bool
read_cwd_made(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->cwd_made = o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean;
	if (o->type == MSGPACK_OBJECT_BOOLEAN)
		return true;
	snprintf(error, size, "cwd_made is neither true nor false");
	return false;
}

static bool
read_env_made(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->env_made = o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean;
	if (o->type == MSGPACK_OBJECT_BOOLEAN)
		return true;
	snprintf(error, size, "env_made is neither true nor false");
	return false;
}

static bool
read_argv(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	uint32_t i;

	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size == 0) {
		snprintf(error, size, "the command to run is empty");
		return false;
	}
	s->argv =
	    allocate(s, ((size_t)o->via.array.size + 1) * sizeof *s->argv);
	for (i = 0; i < o->via.array.size; i++) {
		s->argv[i] = string(s, &o->via.array.ptr[i]);
		if (s->argv[i] != NULL)
			continue;
		snprintf(error, size,
		    "word %" PRIu32 " of the command has a NUL byte, or is no "
		    "string",
		    i + 1);
		return false;
	}
	s->argv[i] = NULL;
	if (s->argv[0][0] != '\0')
		return true;
	snprintf(error, size, "the program to run has an empty name");
	return false;
}

static bool
read_cwd(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->cwd = string(s, o);
	if (s->cwd != NULL && *s->cwd == '/')
		return true;
	snprintf(error, size, "%s",
	    s->cwd != NULL ? "cwd: what it gives is not an absolute path"
			   : "cwd has a NUL byte, or is no string");
	return false;
}

static bool
read_env(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	char *name, *content;
	uint32_t i;

	if (o->type != MSGPACK_OBJECT_MAP) {
		snprintf(error, size, "env is no map");
		return false;
	}
	s->env =
	    allocate(s, (2 * (size_t)o->via.map.size + 1) * sizeof *s->env);
	for (i = 0; i < o->via.map.size; i++) {
		name = string(s, &o->via.map.ptr[i].key);
		content = string(s, &o->via.map.ptr[i].val);
		if (name == NULL || *name == '\0' ||
		    strchr(name, '=') != NULL || content == NULL) {
			snprintf(error, size,
			    "env: %s has a NUL byte, is no string, or its name "
			    "can't be one",
			    name == NULL || s->env_made ? "a variable" : name);
			return false;
		}
		s->env[2 * i] = name;
		s->env[2 * i + 1] = content;
	}
	s->env[2 * i] = NULL;
	return true;
}

static bool
read_stdin(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	if (o->type == MSGPACK_OBJECT_BIN) {
		s->in = o->via.bin.ptr;
		s->in_size = o->via.bin.size;
		return true;
	}
	if (o->type == MSGPACK_OBJECT_STR) {
		s->in = o->via.str.ptr;
		s->in_size = o->via.str.size;
		return true;
	}
	snprintf(error, size, "stdin is neither bytes nor a string");
	return false;
}

static bool
read_output(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	static const char *const names[] = {
	    [OUTPUT_NONE] = "none",
	    [OUTPUT_TEXT] = "text",
	    [OUTPUT_LINES] = "lines",
	    [OUTPUT_JSON] = "json",
	};
	unsigned i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (object_is(o, names[i])) {
			s->output = (enum spec_output)i;
			return true;
		}
	snprintf(error, size, "output is not one of none, text, lines, json");
	return false;
}

static bool
limit_add(
    struct spec *s, const char *name, int64_t number, char *error, size_t size)
{
	size_t i;

	if (strcmp(name, "nice") == 0) {
		s->has_nice = true;
		s->nice = (int32_t)(number < -20 ? -20
			: number > 19		 ? 19
						 : number);
		return true;
	}
	for (i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (strcmp(name, limits[i].name) == 0)
			break;
	if (i == sizeof limits / sizeof limits[0] ||
	    s->nlimits == WIRE_LIMITS_MAX) {
		snprintf(error, size, "limits: this system has no limit \"%s\"",
		    name);
		return false;
	}
	s->limits[s->nlimits].resource = limits[i].resource;
	s->limits[s->nlimits].value =
	    number < 0 ? UINT64_MAX : (uint64_t)number;
	s->nlimits++;
	return true;
}

static bool
read_limits(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	const msgpack_object *number;
	const char *name;
	uint32_t i;

	if (o->type != MSGPACK_OBJECT_MAP) {
		snprintf(error, size, "limits is no map");
		return false;
	}
	for (i = 0; i < o->via.map.size; i++) {
		name = string(s, &o->via.map.ptr[i].key);
		number = &o->via.map.ptr[i].val;
		if (name == NULL ||
		    (number->type != MSGPACK_OBJECT_POSITIVE_INTEGER &&
			number->type != MSGPACK_OBJECT_NEGATIVE_INTEGER)) {
			snprintf(error, size, "limits: %s is no integer",
			    name == NULL ? "a name" : name);
			return false;
		}
		if (!limit_add(s, name, number->via.i64, error, size))
			return false;
	}
	return true;
}

/* Only where the execution was told to run it in another one. */
static bool
read_domain_of_task(
    struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->domain_of_task = string(s, o);
	if (s->domain_of_task != NULL)
		return true;
	snprintf(error, size, "domain_of_task is no name");
	return false;
}

/* Others than the machine itself are not there yet. */
static bool
read_domain(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	const char *domain = string(s, o);

	if (domain != NULL && strcmp(domain, "local") == 0)
		return true;
	snprintf(error, size,
	    "there is no domain %s here, only local; start it with --domain "
	    "%s=local to run it on this machine",
	    domain != NULL ? domain : "of that name",
	    s->domain_of_task != NULL ? s->domain_of_task
		: domain != NULL      ? domain
				      : "NAME");
	return false;
}

static bool
read_task(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->task = string(s, o);
	if (s->task != NULL)
		return true;
	snprintf(error, size, "task is no name");
	return false;
}

static bool
read_workflow(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->workflow = string(s, o);
	if (s->workflow != NULL)
		return true;
	snprintf(error, size, "workflow is no name");
	return false;
}

static bool
read_uid(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->uid = (uid_t)o->via.u64;
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		return true;
	snprintf(error, size, "uid is no number");
	return false;
}

static bool
read_gid(struct spec *s, const msgpack_object *o, char *error, size_t size)
{
	s->gid = (gid_t)o->via.u64;
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		return true;
	snprintf(error, size, "gid is no number");
	return false;
}
