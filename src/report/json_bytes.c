/* SPDX-License-Identifier: MIT */
#include "report/json_bytes.h"

#include <stdio.h>

#include "base/text.h"

/* A string of the bytes, each that is no UTF-8 replaced. NULL: no memory. */
static json_t *json_of_foreign(const char *bytes, size_t nbytes, struct bytes *scratch)
{
	size_t n;

	bytes_clear(scratch);
	for (size_t i = 0; i < nbytes; i += n) {
		for (n = 1; n <= 4 && i + n <= nbytes && !text_is_utf8(bytes + i, n); n++)
			;
		if (n <= 4 && i + n <= nbytes) {
			bytes_append(scratch, bytes + i, n);
		} else {
			bytes_text(scratch, "\xef\xbf\xbd");
			n = 1;
		}
	}
	return scratch->failed ? NULL : json_stringn_nocheck(scratch->data, scratch->nbytes);
}

/* A string with the bytes in base64. NULL: no memory. */
static json_t *json_of_base64(const char *bytes, size_t nbytes, struct bytes *scratch)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes;

	bytes_clear(scratch);
	for (size_t i = 0; i < nbytes; i += 3) {
		size_t left = nbytes - i;
		unsigned group = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
				 (left > 2 ? p[i + 2] : 0);
		char quad[4] = {
			digits[group >> 18],
			digits[group >> 12 & 63],
			left > 1 ? digits[group >> 6 & 63] : '=',
			left > 2 ? digits[group & 63] : '=',
		};

		bytes_append(scratch, quad, sizeof(quad));
	}
	return scratch->failed ? NULL : json_stringn_nocheck(scratch->data ? scratch->data : "",
							     scratch->nbytes);
}

bool json_put_bytes(json_t *object, const char *key, const char *bytes, size_t nbytes,
		    struct bytes *scratch)
{
	char key_base64[40];

	/* jansson frees a value that cannot be put; a NULL cannot. */
	if (text_is_utf8(bytes, nbytes))
		return json_object_set_new_nocheck(object, key,
						   json_stringn_nocheck(bytes, nbytes)) == 0;
	snprintf(key_base64, sizeof(key_base64), "%s_base64", key);
	return json_object_set_new_nocheck(object, key,
					   json_of_foreign(bytes, nbytes, scratch)) == 0 &&
	       json_object_set_new_nocheck(object, key_base64,
					   json_of_base64(bytes, nbytes, scratch)) == 0;
}
