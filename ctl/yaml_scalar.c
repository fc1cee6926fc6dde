/*
 * yaml_scalar: what a plain scalar is, by the core schema of YAML 1.2.  "yes",
 * "no", "on" and "off" are text there, as they look.
 */
#include "ctl/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const struct yaml_node *, const char *const *);
static bool digits(const char *, size_t, unsigned base, size_t *);
static bool looks_like_float(const char *, size_t);
static enum scalar_verdict
resolve_integer(struct yaml_node *, const char *, size_t, unsigned base);

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const not_finite[] = {".inf", ".Inf", ".INF", "+.inf",
    "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN", NULL};

enum scalar_verdict
scalar_resolve(struct yaml_node *node)
{
	const char *t = node->text;
	size_t n = node->length, sign, end;

	node->type = YAML_TEXT;
	if (is_one_of(node, nulls)) {
		node->type = YAML_NULL;
		return SCALAR_OK;
	}
	if (is_one_of(node, trues) || is_one_of(node, falses)) {
		node->type = is_one_of(node, trues) ? YAML_TRUE : YAML_FALSE;
		return SCALAR_OK;
	}
	if (is_one_of(node, not_finite))
		return SCALAR_NOT_FINITE;
	if (n > 2 && t[0] == '0' && t[1] == 'x' &&
	    digits(t + 2, n - 2, 16, &end) && end == n - 2)
		return resolve_integer(node, t + 2, n - 2, 16);
	if (n > 2 && t[0] == '0' && t[1] == 'o' &&
	    digits(t + 2, n - 2, 8, &end) && end == n - 2)
		return resolve_integer(node, t + 2, n - 2, 8);
	sign = t[0] == '-' || t[0] == '+' ? 1 : 0;
	if (digits(t + sign, n - sign, 10, &end) && end == n - sign) {
		node->negative = t[0] == '-';
		return resolve_integer(node, t + sign, n - sign, 10);
	}
	if (!looks_like_float(t, n))
		return SCALAR_OK;
	node->number = strtod(t, NULL);
	if (!isfinite(node->number))
		return SCALAR_TOO_LARGE;
	node->type = YAML_FLOAT;
	return SCALAR_OK;
}

static bool
is_one_of(const struct yaml_node *node, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == node->length &&
		    memcmp(*words, node->text, node->length) == 0)
			return true;
	return false;
}

/* True when there is at least one digit; end is behind the last. */
static bool
digits(const char *t, size_t n, unsigned base, size_t *end)
{
	static const char all[] = "0123456789abcdef";
	const char *digit;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = t[i] >= 'A' && t[i] <= 'F' ? (char)(t[i] + 32) : t[i];
		digit = c == '\0' ? NULL : strchr(all, c);
		if (digit == NULL || (unsigned)(digit - all) >= base)
			break;
	}
	*end = i;
	return i > 0;
}

/* [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ( [eE] [-+]? [0-9]+ )? */
static bool
looks_like_float(const char *t, size_t n)
{
	size_t i = 0, end;
	bool whole, fraction = false;

	if (i < n && (t[i] == '-' || t[i] == '+'))
		i++;
	whole = digits(t + i, n - i, 10, &end);
	i += end;
	if (i < n && t[i] == '.') {
		i++;
		fraction = digits(t + i, n - i, 10, &end);
		i += end;
	}
	if (!whole && !fraction)
		return false;
	if (i < n && (t[i] == 'e' || t[i] == 'E')) {
		i++;
		if (i < n && (t[i] == '-' || t[i] == '+'))
			i++;
		if (!digits(t + i, n - i, 10, &end))
			return false;
		i += end;
	}
	return i == n;
}

static enum scalar_verdict
resolve_integer(struct yaml_node *node, const char *t, size_t n, unsigned base)
{
	uint64_t value = 0;
	unsigned digit;
	size_t i;

	for (i = 0; i < n; i++) {
		digit = t[i] <= '9' ? (unsigned)(t[i] - '0')
				    : (unsigned)((t[i] | 32) - 'a') + 10;
		if (value > (UINT64_MAX - digit) / base)
			return SCALAR_TOO_LARGE;
		value = value * base + digit;
	}
	if (node->negative && value > (uint64_t)INT64_MAX + 1)
		return SCALAR_TOO_LARGE;
	node->magnitude = value;
	node->type = YAML_INTEGER;
	return SCALAR_OK;
}
