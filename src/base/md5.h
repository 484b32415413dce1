/* SPDX-License-Identifier: MIT */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

/* The first eight bytes of the MD5 (RFC 1321) of `bytes`, least first: LLVM's hash of a name. */
uint64_t md5_low64(const void *bytes, size_t nbytes);

#endif
