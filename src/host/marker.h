/* SPDX-License-Identifier: MIT */
/* The markers that cut the output into tests (wire/page.h). */
#ifndef HOST_MARKER_H
#define HOST_MARKER_H

#include "host/standard_files.h"
#include "wire/page.h"

/*
 * Writes the marker of `serial` into both pipes, behind everything this process wrote before.
 * Blocks while a pipe is full. False if one of them cannot be written to.
 */
bool marker_write(const struct stdio *io, const uint8_t key[MARKER_KEY_BYTES], uint32_t serial);

#endif
