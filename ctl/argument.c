/*
 * argument: checks what was given for one option or operand, by its type.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/arguments.h"
#include "daemon/core/definition.h"
#include "libproto/nearest.h"

typedef bool
checker(const char *const *words, const char *, struct given *, char *, size_t);

static checker check_any, check_number, check_ordinal, check_integer,
    check_duration, check_time, check_pair, check_word, check_name,
    check_versioned, check_startable, check_execution, check_executions;
static bool number(const char *, const char **end, uint64_t *);
static bool duration(const char *, int64_t *);

static checker *const checkers[ARGUMENT_TYPES] = {
    [ARGUMENT_NONE] = check_any,
    [ARGUMENT_TEXT] = check_any,
    [ARGUMENT_FILE] = check_any,
    [ARGUMENT_NUMBER] = check_number,
    [ARGUMENT_ORDINAL] = check_ordinal,
    [ARGUMENT_INTEGER] = check_integer,
    [ARGUMENT_DURATION] = check_duration,
    [ARGUMENT_TIME] = check_time,
    [ARGUMENT_PAIR] = check_pair,
    [ARGUMENT_WORD] = check_word,
    [ARGUMENT_WORKFLOW] = check_name,
    [ARGUMENT_VERSIONED] = check_versioned,
    [ARGUMENT_STARTABLE] = check_startable,
    [ARGUMENT_EXECUTION] = check_execution,
    [ARGUMENT_EXECUTIONS] = check_executions,
    [ARGUMENT_TASK] = check_any,
};

bool
argument_check(enum argument_type type, const char *const *words,
    const char *text, struct given *given, char *why, size_t size)
{
	return checkers[type](words, text, given, why, size);
}

static bool
check_any(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	(void)words;
	(void)given;
	if (text == NULL || *text != '\0')
		return true;
	snprintf(why, size, "an empty argument");
	return false;
}

static bool
number(const char *text, const char **end, uint64_t *to)
{
	char *behind;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*to = strtoull(text, &behind, 10);
	*end = behind;
	return errno == 0;
}

static bool
check_number(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	const char *end;

	(void)words;
	if (number(text, &end, &given->number) && *end == '\0')
		return true;
	snprintf(why, size, "\"%s\" is no number", text);
	return false;
}

static bool
check_ordinal(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	if (!check_number(words, text, given, why, size))
		return false;
	if (given->number > 0)
		return true;
	snprintf(why, size, "they are counted from 1");
	return false;
}

static bool
check_integer(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	uint64_t n;
	const char *end;
	bool negative = *text == '-';

	(void)words;
	if (number(text + negative, &end, &n) && *end == '\0' &&
	    n <= INT32_MAX) {
		given->integer = negative ? -(int64_t)n : (int64_t)n;
		return true;
	}
	snprintf(why, size, "\"%s\" is no whole number of 32 bits", text);
	return false;
}

static bool
duration(const char *text, int64_t *ns)
{
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};

	o.via.str.ptr = text;
	o.via.str.size = (uint32_t)strlen(text);
	return parse_duration(&o, ns);
}

static bool
check_duration(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	(void)words;
	if (duration(text, &given->integer))
		return true;
	snprintf(why, size,
	    "\"%s\" is no duration, such as 250ms, 10s, 5m, 2h or 1d", text);
	return false;
}

static bool
check_time(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	struct timespec now;
	int64_t ago;

	(void)words;
	if (parse_time(text, strlen(text), &given->integer))
		return true;
	if (duration(text, &ago)) {
		clock_gettime(CLOCK_REALTIME, &now);
		given->integer = now.tv_sec * 1000000000LL + now.tv_nsec - ago;
		return true;
	}
	snprintf(why, size,
	    "\"%s\" is no time, such as 2027-01-01T00:00:00Z, nor how long "
	    "ago, such as 2h",
	    text);
	return false;
}

static bool
check_pair(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	const char *equals = strchr(text, '=');

	(void)words;
	if (equals == NULL || equals == text) {
		snprintf(
		    why, size, "\"%s\" is not of the form key=value", text);
		return false;
	}
	given->length = (size_t)(equals - text);
	return true;
}

static bool
check_word(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	const char *near;
	size_t n, used;

	(void)given;
	for (n = 0; words[n] != NULL; n++)
		if (strcmp(words[n], text) == 0)
			return true;
	near = nearest_word(text, strlen(text), words, n);
	used = (size_t)snprintf(why, size, "\"%s\" is none of", text);
	for (n = 0; words[n] != NULL && used < size; n++)
		used += (size_t)snprintf(why + used, size - used, "%s%s",
		    n > 0 ? ", " : " ", words[n]);
	if (near != NULL && used < size)
		snprintf(why + used, size - used, "; did you mean %s?", near);
	return false;
}

static bool
is_name(const char *text, size_t length)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return length > 0 && length <= NAME_LENGTH_MAX &&
	    strspn(text, set) >= length && strchr("._-", *text) == NULL;
}

static bool
check_name(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	(void)words;
	given->length = strlen(text);
	if (is_name(text, given->length))
		return true;
	snprintf(why, size,
	    "\"%s\" can't be a workflow's name: at most %d of a-z 0-9 . _ -, "
	    "the first a letter or digit",
	    text, NAME_LENGTH_MAX);
	return false;
}

static bool
check_versioned(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	const char *at = strchr(text, '@'), *end;

	if (at == NULL)
		return check_name(words, text, given, why, size);
	given->length = (size_t)(at - text);
	if (is_name(text, given->length) &&
	    number(at + 1, &end, &given->number) && *end == '\0' &&
	    given->number > 0 && given->number <= UINT32_MAX)
		return true;
	snprintf(why, size, "\"%s\" is not of the form NAME@VERSION", text);
	return false;
}

/* Whatever looks like a path is a file: a name has no slash. */
bool
argument_is_file(const char *text)
{
	size_t length = strlen(text);

	return strchr(text, '/') != NULL || strcmp(text, "-") == 0 ||
	    (length > 5 && strcmp(text + length - 5, ".yaml") == 0) ||
	    (length > 4 && strcmp(text + length - 4, ".yml") == 0) ||
	    (length > 5 && strcmp(text + length - 5, ".json") == 0);
}

static bool
check_startable(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	if (argument_is_file(text))
		return true;
	return check_versioned(words, text, given, why, size);
}

static bool
check_execution(const char *const *words, const char *text, struct given *given,
    char *why, size_t size)
{
	const char *end;

	(void)words;
	if (number(text, &end, &given->number) && *end == '\0' &&
	    given->number > 0) {
		given->last = given->number;
		return true;
	}
	snprintf(why, size,
	    "\"%s\" is no execution's number; \"weirctl ls\" lists them", text);
	return false;
}

static bool
check_executions(const char *const *words, const char *text,
    struct given *given, char *why, size_t size)
{
	const char *end;

	(void)words;
	if (number(text, &end, &given->number) && given->number > 0) {
		given->last = given->number;
		if (*end == '\0')
			return true;
		if (*end == '-' && number(end + 1, &end, &given->last) &&
		    *end == '\0' && given->last >= given->number &&
		    given->last - given->number < EXECUTIONS_MAX)
			return true;
	}
	snprintf(why, size,
	    "\"%s\" is neither an execution's number nor a range, such as "
	    "12-20, of at most %d",
	    text, EXECUTIONS_MAX);
	return false;
}
