/* SPDX-License-Identifier: MIT */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
static inline uint32_t hash_string(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* The same, 64 bits. */
static inline uint64_t hash_bytes(const char *bytes, size_t nbytes)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < nbytes; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return hash;
}

/* The same of a text: on every machine and in every version, as shards are divided by it. */
static inline uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

#endif
