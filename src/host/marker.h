/* SPDX-License-Identifier: MIT */
/* The markers in the output, between what one test wrote and the next (wire/page.h). */
#ifndef HOST_MARKER_H
#define HOST_MARKER_H

#include "host/standard_files.h"
#include "wire/page.h"

/*
 * Writes the marker with the number `serial` into both pipes, behind everything that this process
 * has written. Blocks while a pipe is full. False if one of them cannot be written to.
 */
bool marker_write(const struct stdio *io, const uint8_t key[MARKER_KEY_BYTES], uint32_t serial);

#endif
