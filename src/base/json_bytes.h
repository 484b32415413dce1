/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes in JSON, which takes UTF-8 alone. The convention, wherever proctor writes JSON: a text
 * is written as it is; in one that is no UTF-8 each byte that is none is U+FFFD, and a second
 * member, called as the first with "_base64" added, has them all.
 */
#ifndef BASE_JSON_BYTES_H
#define BASE_JSON_BYTES_H

#include "base/bytes.h"

#include <jansson.h>

/* Gives `object` the member `key`, and the second one where the text is no UTF-8. `scratch`
 * is used. False: no memory. */
bool json_put_bytes(json_t *object, const char *key, const char *bytes, size_t nbytes,
		    struct bytes *scratch);

#endif
