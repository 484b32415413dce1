/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/container.h"

/* The digits at the start of `text`; `*end` is what follows. -EINVAL: none; -ERANGE: too many. */
static int digits_read(const char *text, uint64_t *value, const char **end)
{
	const char *p = text;
	uint64_t n = 0;
	bool overflow = false;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			overflow = true;
	*end = p;
	if (p == text)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*value = n;
	return 0;
}

struct quantity_unit {
	const char *name;
	uint64_t factor;
};

/* A number and the name of one of `units`; the unit called "" is for a number alone. */
static int quantity_read(const char *text, const struct quantity_unit *units, size_t nunits,
			 uint64_t *value)
{
	const char *end;
	uint64_t n = 0;
	int ret = digits_read(text, &n, &end);

	if (ret == -EINVAL)
		return ret;
	for (size_t i = 0; i < nunits; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (ret < 0 || __builtin_mul_overflow(n, units[i].factor, &n))
			return -ERANGE;
		*value = n;
		return 0;
	}
	return -EINVAL;
}

int quantity_number(const char *text, uint64_t min, uint64_t max, uint64_t *value,
		struct proctor_error *err)
{
	const char *end;
	uint64_t n = 0;
	int ret = digits_read(text, &n, &end);

	if (ret == -EINVAL || *end != '\0')
		return error_set(err, -EINVAL, "\"%s\" is not a whole number", text);
	if (ret < 0 || n < min || n > max)
		return error_set(err, -ERANGE, "%s is not between %" PRIu64 " and %" PRIu64, text,
				 min, max);
	*value = n;
	return 0;
}

int quantity_time_us(const char *text, uint64_t *us, struct proctor_error *err)
{
	static const struct quantity_unit units[] = {
		{"", 1000000},	 {"s", 1000000},    {"ms", 1000},
		{"us", 1},	 {"m", 60000000},   {"h", 3600000000},
	};
	int ret = quantity_read(text, units, ARRAY_SIZE(units), us);

	if (ret == -ERANGE)
		return error_set(err, ret, "%s is too long a time", text);
	if (ret < 0)
		return error_set(err, ret, "\"%s\" is not a time such as 30, 30s, 500ms or 2m", text);
	return 0;
}

int quantity_bytes(const char *text, uint64_t *bytes, struct proctor_error *err)
{
	static const struct quantity_unit units[] = {
		{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30},
	};
	int ret = quantity_read(text, units, ARRAY_SIZE(units), bytes);

	if (ret == -ERANGE)
		return error_set(err, ret, "%s is too large a size", text);
	if (ret < 0)
		return error_set(err, ret, "\"%s\" is not a size such as 4096, 64K, 1M or 2G", text);
	return 0;
}
