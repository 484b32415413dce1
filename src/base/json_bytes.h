/* SPDX-License-Identifier: MIT */
/*
 * Any bytes in JSON, which can have UTF-8 only. Wherever proctor writes JSON, a text that is UTF-8
 * is written as it is. In any other one each byte that is not UTF-8 becomes U+FFFD, and a second
 * member, whose name is that of the first and "_base64", has all bytes exactly.
 */
#ifndef BASE_JSON_BYTES_H
#define BASE_JSON_BYTES_H

#include "base/bytes.h"

#include <jansson.h>

/* Adds the member `key` to `object`, and the second one if it is needed. `scratch` is memory for
 * that. False: no memory. */
bool json_put_bytes(json_t *object, const char *key, const char *bytes, size_t nbytes,
		    struct bytes *scratch);

#endif
