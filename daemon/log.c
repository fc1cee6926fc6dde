/* log: lines for the operator */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/log.h"

#define LINE_MAX_BYTES 1024

const char *const log_level_names[LOG_LEVELS] = {
    "error",
    "warn",
    "info",
    "debug",
};

static const int priorities[LOG_LEVELS] = {
    LOG_ERR,
    LOG_WARNING,
    LOG_INFO,
    LOG_DEBUG,
};

static struct {
	enum log_to to;
	enum log_level level;
} output = {LOG_TO_STDERR, LOG_LEVEL_INFO};

static bool is_control(const unsigned char *);
static void write_line(enum log_level, const char *, va_list)
    __attribute__((format(printf, 2, 0)));
static void write_dated(enum log_level, const char *);

void
log_open(enum log_to to, enum log_level level)
{
	if (output.to != LOG_TO_STDERR)
		closelog();
	if (to != LOG_TO_STDERR)
		openlog("weird", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	output.to = to;
	output.level = level;
}

/* C1 control characters are two bytes in UTF-8, and terminals obey them. */
static bool
is_control(const unsigned char *text)
{
	return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0;
}

bool
log_escape(const char *message, char *line, size_t size)
{
	const unsigned char *from = (const unsigned char *)message;
	size_t used = 0;

	for (; *from != '\0'; from++) {
		char one[5] = {(char)*from, '\0'};

		if (*from == '\n')
			memcpy(one, "\\n", 3);
		else if (*from < ' ' || *from == 127 || is_control(from) ||
		    (from > (const unsigned char *)message &&
			is_control(from - 1)))
			snprintf(one, sizeof(one), "\\x%02x", *from);
		if (used + strlen(one) >= size)
			break;
		memcpy(line + used, one, strlen(one));
		used += strlen(one);
	}
	line[used] = '\0';
	return *from == '\0';
}

static void
write_line(enum log_level level, const char *format, va_list arguments)
{
	char message[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	if (level > output.level)
		return;
	vsnprintf(message, sizeof(message), format, arguments);
	log_escape(message, line, sizeof(line));
	if (output.to == LOG_TO_STDERR)
		write_dated(level, line);
	else
		syslog(priorities[level], "%s", line);
	if (output.to == LOG_TO_BOTH && level <= LOG_LEVEL_WARN)
		fprintf(stderr, "weird: %s\n", line);
}

static void
write_dated(enum log_level level, const char *line)
{
	struct timespec now;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(stderr, "%s.%03ldZ weird: %s%s%s\n", date,
	    now.tv_nsec / 1000000,
	    level == LOG_LEVEL_INFO ? "" : log_level_names[level],
	    level == LOG_LEVEL_INFO ? "" : ": ", line);
}

bool
log_writes(enum log_level level)
{
	return level <= output.level;
}

void
log_line(enum log_level level, const char *line)
{
	static void (*const functions[LOG_LEVELS])(const char *, ...) = {
	    log_error, log_warn, log_info, log_debug};

	functions[level]("%s", line);
}

#define LOG_FUNCTION(name, level)                     \
	void name(const char *format, ...)            \
	{                                             \
		va_list arguments;                    \
                                                      \
		va_start(arguments, format);          \
		write_line(level, format, arguments); \
		va_end(arguments);                    \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
