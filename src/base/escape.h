/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes for readers that take bytes for commands: a terminal, an XML parser. Valid UTF-8
 * stays; what is not, control characters, and those that reorder text or separate lines become
 * \xNN byte by byte.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/bytes.h"

/* Bytes of the character that `bytes` starts with, which can be shown as it is; 0: cannot. */
size_t escape_plain(const char *bytes, size_t nbytes);
/* Appends `bytes`; of the control characters only those in `keep` stay. */
void escape_append(struct bytes *to, const char *bytes, size_t nbytes, const char *keep);
/* The same for text that must stay on one line. */
void escape_line(struct bytes *to, const char *text);

#endif
