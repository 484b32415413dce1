/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes in JSON, which takes UTF-8 alone. The convention, wherever proctor writes JSON: a text
 * is written as it is; in one that is no UTF-8 each byte that is none is U+FFFD, and where the bytes
 * matter a second member, called as the first with "_base64" added, has them all.
 */
#ifndef REPORT_JSON_BYTES_H
#define REPORT_JSON_BYTES_H

#include "base/bytes.h"

#include <jansson.h>

/* A string of the bytes; `*exact` (may be NULL): it says them all. `scratch` is used. NULL: no memory. */
json_t *json_of_bytes(const char *bytes, size_t nbytes, struct bytes *scratch, bool *exact);
/* A string with the bytes in base64. NULL: no memory. */
json_t *json_of_base64(const char *bytes, size_t nbytes, struct bytes *scratch);

#endif
