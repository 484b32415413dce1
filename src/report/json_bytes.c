/* SPDX-License-Identifier: MIT */
#include "report/json_bytes.h"

#include "base/text.h"

json_t *json_of_bytes(const char *bytes, size_t nbytes, struct bytes *scratch, bool *exact)
{
	bool utf8 = text_is_utf8(bytes, nbytes);
	size_t n;

	if (exact)
		*exact = utf8;
	if (utf8)
		return json_stringn_nocheck(bytes, nbytes);
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

json_t *json_of_base64(const char *bytes, size_t nbytes, struct bytes *scratch)
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
