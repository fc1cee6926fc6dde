/*
 * log: one line for each thing that an operator wants to know, to standard
 * error or to syslog.
 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

#define LOG_LEVELS 4
extern const char *const log_level_names[LOG_LEVELS];

enum log_to {
	LOG_TO_STDERR,
	LOG_TO_SYSLOG,
	LOG_TO_BOTH, /* syslog, and what is wrong to standard error too */
};

/* Before it is called all goes to standard error. */
void log_open(enum log_to, enum log_level);

/*
 * Bytes of the message that would confuse a terminal or forge a line are
 * written as \n or \x1b.
 */
void log_error(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));

/* The same with the level in a variable, and whether anything comes of it. */
void log_line(enum log_level, const char *);
bool log_writes(enum log_level);

/* The line as it is written; true unless it was cut off to fit. */
bool log_escape(const char *message, char *line, size_t size);

#endif
