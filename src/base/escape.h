/* SPDX-License-Identifier: MIT */
/*
 * Bytes that came from outside (names, paths, what tests wrote), made harmless for whoever reads
 * them as more than text: a terminal, a parser of XML or HTML, a shell. The one place for it.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/bytes.h"

/*
 * Text that can be shown: UTF-8, no control characters, none that reorder text or separate lines (a
 * name could look like another one, or like two lines). Whatever else it has becomes \xNN, byte by
 * byte.
 */
/* Bytes of the character that `bytes` starts with; 0: it cannot be shown. */
size_t escape_plain(const char *bytes, size_t nbytes);
/* Appends `bytes`; of the control characters only those in `keep` stay. */
void escape_append(struct bytes *to, const char *bytes, size_t nbytes, const char *keep);
/* The same for text that must stay on one line. */
void escape_line(struct bytes *to, const char *text);

/* The same for XML, with its five entities. In an attribute newlines and tabs become &#10; and
 * &#9;: a parser makes spaces of plain ones. */
void escape_xml(struct bytes *to, const char *bytes, size_t nbytes, bool attribute);
/* One line of HTML, in an element or in an attribute between double quotes. */
void escape_html(struct bytes *to, const char *bytes, size_t nbytes);

/* For JSON, which has to be UTF-8 and escapes the rest itself: each byte that is none becomes
 * U+FFFD. */
void escape_utf8(struct bytes *to, const char *bytes, size_t nbytes);
void escape_base64(struct bytes *to, const char *bytes, size_t nbytes);

/* One word of a shell's command, between single quotes. */
void escape_shell(struct bytes *to, const char *word);
/* The same as text that can be shown, quoted only where it has to be. */
void escape_shell_line(struct bytes *to, const char *word);
/* One word of a file of arguments as LLVM's tools read it, between double quotes. */
void escape_argument(struct bytes *to, const char *word);

#endif
