/* SPDX-License-Identifier: MIT */
#include "base/json_bytes.h"

#include <stdio.h>

#include "base/escape.h"
#include "base/utf8.h"

/* A JSON string of what is in `scratch`. NULL: no memory. */
static json_t *json_of(const struct bytes *scratch)
{
	const char *text = bytes_string(scratch);

	return text ? json_stringn_nocheck(text, scratch->nbytes) : NULL;
}

bool json_put_bytes(json_t *object, const char *key, const char *bytes, size_t nbytes,
		    struct bytes *scratch)
{
	char key_base64[40];

	/* If this fails jansson frees the value; it also fails if the value is NULL. */
	if (utf8_valid(bytes, nbytes))
		return json_object_set_new_nocheck(object, key,
						   json_stringn_nocheck(bytes, nbytes)) == 0;
	bytes_clear(scratch);
	escape_utf8(scratch, bytes, nbytes);
	if (json_object_set_new_nocheck(object, key, json_of(scratch)) < 0)
		return false;
	snprintf(key_base64, sizeof(key_base64), "%s_base64", key);
	bytes_clear(scratch);
	escape_base64(scratch, bytes, nbytes);
	return json_object_set_new_nocheck(object, key_base64, json_of(scratch)) == 0;
}
