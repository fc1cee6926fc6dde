/* quantity: durations, sizes and points in time as people write them. */

#include "daemon/core/definition.h"

#include <string.h>

#define SECOND INT64_C(1000000000) /* ns */
#define DAY (86400 * SECOND)
/* 100 years: with today's date added it still fits into 63 bits of ns. */
#define DURATION_MAX (36500 * DAY)
#define YEAR_MAX 2261 /* the last one that is whole in 63 bits of ns */

struct unit {
	const char *name;
	int64_t factor;
};

/* From the largest on, which is the order they are written in. */
static const struct unit duration_units[] = {
    {"d", DAY},
    {"h", 3600 * SECOND},
    {"m", 60 * SECOND},
    {"s", SECOND},
    {"ms", SECOND / 1000},
};

static const struct unit size_units[] = {
    {"", 1},
    {"K", INT64_C(1) << 10},
    {"M", INT64_C(1) << 20},
    {"G", INT64_C(1) << 30},
    {"T", INT64_C(1) << 40},
};

static bool digits(const char **, const char *, int64_t *);
static bool add_part(const char **, const char *, size_t *, int64_t *);
static bool integer(const msgpack_object *, int64_t *);
static bool fixed(const char **, const char *, int, int64_t *);
static bool literal(const char **, const char *, const char *);
static int64_t days_before(int64_t, int64_t, int64_t);
static int64_t days_in(int64_t, int64_t);
static bool date_of(const char **, const char *, int64_t *);
static bool clock_of(const char **, const char *, int64_t *);
static bool fraction_of(const char **, const char *, int64_t *);
static bool zone_of(const char **, const char *, int64_t *);

/* A run of at least one digit; false when it does not fit. */
static bool
digits(const char **p, const char *end, int64_t *n)
{
	const char *start = *p;

	for (*n = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, **p - '0', n))
			return false;
	return *p > start;
}

/* "30m"; units before the one at *from have been used up. */
static bool
add_part(const char **p, const char *end, size_t *from, int64_t *total)
{
	const char *name;
	size_t len;
	int64_t n;

	if (!digits(p, end, &n))
		return false;
	for (name = *p; *p < end && **p >= 'a' && **p <= 'z'; (*p)++)
		continue;
	len = (size_t)(*p - name);
	for (; *from < sizeof(duration_units) / sizeof(duration_units[0]);
	     (*from)++) {
		const struct unit *u = &duration_units[*from];

		if (strlen(u->name) != len || memcmp(u->name, name, len) != 0)
			continue;
		(*from)++;
		return !__builtin_mul_overflow(n, u->factor, &n) &&
		    !__builtin_add_overflow(*total, n, total);
	}
	return false;
}

static bool
integer(const msgpack_object *o, int64_t *n)
{
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
	    o->via.u64 <= INT64_MAX) {
		*n = (int64_t)o->via.u64;
		return true;
	}
	return false;
}

bool
parse_duration(const msgpack_object *o, int64_t *ns)
{
	const char *p, *end;
	int64_t total = 0;
	size_t from = 0;

	if (o->type == MSGPACK_OBJECT_STR) {
		p = o->via.str.ptr;
		end = p + o->via.str.size;
		if (p == end)
			return false;
		while (p < end)
			if (!add_part(&p, end, &from, &total))
				return false;
	} else if (!integer(o, &total))
		return false;
	if (total > DURATION_MAX)
		return false;
	*ns = total;
	return true;
}

bool
parse_size(const msgpack_object *o, int64_t *bytes)
{
	const char *p, *end;
	size_t i, len;
	int64_t n;

	if (o->type != MSGPACK_OBJECT_STR)
		return integer(o, bytes);
	p = o->via.str.ptr;
	end = p + o->via.str.size;
	if (!digits(&p, end, &n))
		return false;
	len = (size_t)(end - p);
	for (i = 0; i < sizeof(size_units) / sizeof(size_units[0]); i++)
		if (strlen(size_units[i].name) == len &&
		    memcmp(size_units[i].name, p, len) == 0)
			return !__builtin_mul_overflow(
			    n, size_units[i].factor, bytes);
	return false;
}

/* Exactly so many digits. */
static bool
fixed(const char **p, const char *end, int count, int64_t *n)
{
	for (*n = 0; count > 0; count--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		*n = *n * 10 + (**p - '0');
	}
	return true;
}

/* One character out of a set. */
static bool
literal(const char **p, const char *end, const char *set)
{
	if (*p == end || **p == '\0' || strchr(set, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

static int64_t
days_in(int64_t year, int64_t month)
{
	static const int8_t days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days from 1970-01-01 to the date. */
static int64_t
days_before(int64_t year, int64_t month, int64_t day)
{
	int64_t before = year - 1, days, m;

	days = before * 365 + before / 4 - before / 100 + before / 400;
	days -= INT64_C(719162); /* the same for 1970 */
	for (m = 1; m < month; m++)
		days += days_in(year, m);
	return days + day - 1;
}

static bool
date_of(const char **p, const char *end, int64_t *seconds)
{
	int64_t year, month, day;

	if (!fixed(p, end, 4, &year) || !literal(p, end, "-") ||
	    !fixed(p, end, 2, &month) || !literal(p, end, "-") ||
	    !fixed(p, end, 2, &day))
		return false;
	if (year < 1970 || year > YEAR_MAX || month < 1 || month > 12 ||
	    day < 1 || day > days_in(year, month))
		return false;
	*seconds = days_before(year, month, day) * 86400;
	return true;
}

static bool
clock_of(const char **p, const char *end, int64_t *seconds)
{
	int64_t hour, minute, second;

	if (!fixed(p, end, 2, &hour) || !literal(p, end, ":") ||
	    !fixed(p, end, 2, &minute) || !literal(p, end, ":") ||
	    !fixed(p, end, 2, &second))
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* Digits past the ninth say less than a nanosecond and are dropped. */
static bool
fraction_of(const char **p, const char *end, int64_t *ns)
{
	int64_t weight = SECOND / 10;
	const char *start;

	*ns = 0;
	if (!literal(p, end, "."))
		return true;
	for (start = *p; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*ns += (**p - '0') * weight;
		weight /= 10;
	}
	return *p > start;
}

static bool
zone_of(const char **p, const char *end, int64_t *seconds)
{
	int64_t hours, minutes, sign;

	*seconds = 0;
	if (literal(p, end, "Zz"))
		return true;
	sign = *p < end && **p == '-' ? -1 : 1;
	if (!literal(p, end, "+-") || !fixed(p, end, 2, &hours) ||
	    !literal(p, end, ":") || !fixed(p, end, 2, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

bool
parse_time(const char *s, size_t len, int64_t *ns)
{
	const char *p = s, *end = s + len;
	int64_t date, clock, fraction, zone, seconds;

	if (!date_of(&p, end, &date) || !literal(&p, end, "Tt ") ||
	    !clock_of(&p, end, &clock) || !fraction_of(&p, end, &fraction) ||
	    !zone_of(&p, end, &zone) || p != end)
		return false;
	seconds = date + clock - zone;
	if (seconds < 0)
		return false;
	*ns = seconds * SECOND + fraction;
	return true;
}
