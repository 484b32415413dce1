/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "base/container.h"

/* The digits at the start of `text`; `*end` is what follows. -EINVAL: none; -ERANGE: too many. */
static int text_digits(const char *text, uint64_t *value, const char **end)
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

struct text_unit {
	const char *name;
	uint64_t factor;
};

/* A number and one of `units`; the one without a name stands for no unit. */
static int text_quantity(const char *text, const struct text_unit *units, size_t nunits,
			 uint64_t *value)
{
	const char *end;
	uint64_t n = 0;
	int ret = text_digits(text, &n, &end);

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

int text_number(const char *text, uint64_t min, uint64_t max, uint64_t *value,
		struct proctor_error *err)
{
	const char *end;
	uint64_t n = 0;
	int ret = text_digits(text, &n, &end);

	if (ret == -EINVAL || *end != '\0')
		return error_set(err, -EINVAL, "\"%s\" is not a whole number", text);
	if (ret < 0 || n < min || n > max)
		return error_set(err, -ERANGE, "%s is not between %" PRIu64 " and %" PRIu64, text,
				 min, max);
	*value = n;
	return 0;
}

int text_time_us(const char *text, uint64_t *us, struct proctor_error *err)
{
	static const struct text_unit units[] = {
		{"", 1000000},	 {"s", 1000000},    {"ms", 1000},
		{"us", 1},	 {"m", 60000000},   {"h", 3600000000},
	};
	int ret = text_quantity(text, units, ARRAY_SIZE(units), us);

	if (ret == -ERANGE)
		return error_set(err, ret, "%s is too long a time", text);
	if (ret < 0)
		return error_set(err, ret, "\"%s\" is not a time such as 30, 30s, 500ms or 2m", text);
	return 0;
}

int text_size_bytes(const char *text, uint64_t *bytes, struct proctor_error *err)
{
	static const struct text_unit units[] = {
		{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30},
	};
	int ret = text_quantity(text, units, ARRAY_SIZE(units), bytes);

	if (ret == -ERANGE)
		return error_set(err, ret, "%s is too large a size", text);
	if (ret < 0)
		return error_set(err, ret, "\"%s\" is not a size such as 4096, 64K, 1M or 2G", text);
	return 0;
}

bool text_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

bool text_matches(const char *text, const char *pattern)
{
	/* The literal text counts for a glob too: a test may be called `parse[1]`. */
	if (strstr(text, pattern))
		return true;
	return text_is_glob(pattern) && fnmatch(pattern, text, 0) == 0;
}

uint64_t text_hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

/* Bytes of the sequence at `p`, 0 if it is none: overlong, a surrogate, past U+10FFFF, cut off. */
static size_t text_sequence(const unsigned char *p, size_t nbytes)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n > nbytes || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool text_is_utf8(const char *bytes, size_t nbytes)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0, n; i < nbytes; i += n) {
		n = text_sequence(p + i, nbytes - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool text_is_name(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p == '\0' || !text_is_utf8(text, strlen(text)))
		return false;
	for (; *p; p++)
		/* U+0080 to U+009F are control characters too: c2 80 to c2 9f. */
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;
	return true;
}
