/* catalogue_text: parameters' types in words, for messages and manuals. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libproto/catalogue.h"

static void expect_range(
    const struct parameter *, const char *, const char *, char *, size_t);
static void expect_integer(const struct parameter *, char *, size_t);
static void
expect_words(const struct parameter *, const char *, char *, size_t);

void
catalogue_expected(const struct parameter *parameter, char *buffer, size_t size)
{
	char what[80];

	switch (parameter->type) {
	case PARAMETER_UINT:
	case PARAMETER_INT:
		expect_integer(parameter, buffer, size);
		return;
	case PARAMETER_NUMBER:
		snprintf(buffer, size, "a number from %" PRId64 " on",
		    parameter->least);
		return;
	case PARAMETER_BOOL:
		snprintf(buffer, size, "true or false");
		return;
	case PARAMETER_STR:
		expect_range(parameter, "a string", "bytes", buffer, size);
		return;
	case PARAMETER_NAME:
		snprintf(buffer, size, "a workflow's name");
		return;
	case PARAMETER_TASK:
		snprintf(buffer, size, "a task's name");
		return;
	case PARAMETER_ANY:
		snprintf(buffer, size, "any value");
		return;
	case PARAMETER_MAP:
	case PARAMETER_FIELDS:
		snprintf(buffer, size, "a map");
		return;
	case PARAMETER_LABELS:
		snprintf(what, sizeof(what),
		    "a map of strings of at most %d bytes by keys of 1 to %d",
		    LABEL_VALUE_MAX, LABEL_KEY_MAX);
		expect_range(parameter, what, "pairs", buffer, size);
		return;
	case PARAMETER_IDS:
		expect_range(parameter, "a list of ids", "", buffer, size);
		return;
	case PARAMETER_STRS:
		snprintf(what, sizeof(what),
		    "a list of strings of 1 to %d bytes", ELEMENT_MAX);
		expect_range(parameter, what, "", buffer, size);
		return;
	case PARAMETER_DURATION:
		snprintf(buffer, size, "a duration in nanoseconds");
		return;
	case PARAMETER_TIME:
		snprintf(buffer, size, "nanoseconds since the epoch");
		return;
	case PARAMETER_WORD:
		expect_words(parameter, "", buffer, size);
		return;
	case PARAMETER_WORDS:
		expect_words(parameter, ", or a list of these", buffer, size);
		return;
	}
}

/* "a string of 1 to 256 bytes" */
static void
expect_range(const struct parameter *parameter, const char *what,
    const char *unit, char *buffer, size_t size)
{
	const char *blank = *unit != '\0' ? " " : "";

	if (parameter->least > 0)
		snprintf(buffer, size, "%s, %" PRId64 " to %" PRIu64 "%s%s",
		    what, parameter->least, parameter->most, blank, unit);
	else
		snprintf(buffer, size, "%s, at most %" PRIu64 "%s%s", what,
		    parameter->most, blank, unit);
}

static void
expect_integer(const struct parameter *parameter, char *buffer, size_t size)
{
	if (parameter->most == UINT64_MAX && parameter->least == 1)
		snprintf(buffer, size, "a positive integer");
	else if (parameter->most >= INT64_MAX)
		snprintf(buffer, size, "an integer from %" PRId64 " on",
		    parameter->least);
	else
		snprintf(buffer, size,
		    "an integer from %" PRId64 " to %" PRIu64, parameter->least,
		    parameter->most);
}

/* "stdout or stderr", of "stdout|stderr" */
static void
expect_words(const struct parameter *parameter, const char *suffix,
    char *buffer, size_t size)
{
	const char *at = parameter->words, *bar;
	size_t used = 0;

	*buffer = '\0';
	while ((bar = strchr(at, '|')) != NULL && used < size) {
		used += (size_t)snprintf(buffer + used, size - used, "%.*s%s",
		    (int)(bar - at), at,
		    strchr(bar + 1, '|') != NULL ? ", " : " or ");
		at = bar + 1;
	}
	if (used < size)
		snprintf(buffer + used, size - used, "%s%s", at, suffix);
}
