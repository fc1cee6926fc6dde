/*
 * status: how a status is shown: in its colour, and with a sign of its own, so
 * that colour is never the only mark.
 */
#include "ctl/status.h"

#include <stddef.h>
#include <string.h>

#define PLAIN "0"
#define DIM "2"
#define RED "31"
#define GREEN "32"
#define YELLOW "33"
#define BLUE "34"
#define MAGENTA "35"

static const struct shown {
	const char *status;
	const char *sign;
	const char *ascii;
	const char *colour; /* as in an SGR sequence */
	bool final;
} all[] = {
    {"pending", "○", "o", DIM, false},
    {"running", "▶", ">", BLUE, false},
    {"waiting", "◷", "~", YELLOW, false},
    {"pausing", "◐", "=", YELLOW, false},
    {"paused", "‖", "\"", YELLOW, false},
    {"canceling", "◌", "%", MAGENTA, false},
    {"completed", "✓", "+", GREEN, true},
    {"failed", "✗", "x", RED, true},
    {"timed_out", "⧖", "!", RED, true},
    {"canceled", "⊘", "-", MAGENTA, true},
    {"terminated", "■", "#", RED, true},
    {"skipped", "↷", "/", DIM, true},
    {"RUNNING", "▶", ">", GREEN, false},
    {"PAUSING", "◐", "=", YELLOW, false},
    {"PAUSED", "‖", "\"", YELLOW, false},
    {"enabled", "✓", "+", GREEN, false},
    {"disabled", "⊘", "-", MAGENTA, false},
    {"safety_paused", "‖", "\"", YELLOW, false},
};

const char *const execution_statuses[] = {"pending", "running", "waiting",
    "pausing", "paused", "canceling", "completed", "failed", "timed_out",
    "canceled", "terminated", NULL};

const char *const open_statuses[] = {
    "pending", "running", "waiting", "pausing", "paused", "canceling", NULL};
const char *const paused_statuses[] = {"pausing", "paused", NULL};
const char *const ended_statuses[] = {
    "completed", "failed", "timed_out", "canceled", "terminated", NULL};
const char *const retry_statuses[] = {
    "failed", "timed_out", "canceled", "terminated", NULL};

/* One that this version doesn't know is shown all the same. */
static const struct shown *
find(const char *status)
{
	static const struct shown unknown = {"", "?", "?", PLAIN, false};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].status, status) == 0)
			return &all[i];
	return &unknown;
}

void
status_print(FILE *to, const char *status, const struct look *look)
{
	const struct shown *shown = find(status);

	fprintf(to, "%s%s%s%s %s%s", look->colour ? "\033[" : "",
	    look->colour ? shown->colour : "", look->colour ? "m" : "",
	    look->signs ? shown->sign : shown->ascii, status,
	    look->colour ? "\033[0m" : "");
}

void
status_print_sign(FILE *to, const char *status, const struct look *look)
{
	const struct shown *shown = find(status);

	fprintf(to, "%s%s%s%s%s", look->colour ? "\033[" : "",
	    look->colour ? shown->colour : "", look->colour ? "m" : "",
	    look->signs ? shown->sign : shown->ascii,
	    look->colour ? "\033[0m" : "");
}

bool
status_is_final(const char *status)
{
	return find(status)->final;
}
