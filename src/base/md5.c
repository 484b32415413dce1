/* SPDX-License-Identifier: MIT */
#include "base/md5.h"

#include <string.h>

#define BLOCK_BYTES 64u

static const uint8_t rotations[4][4] = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
};

/* The first 32 bits of the fraction of |sin(i + 1)|. */
static const uint32_t sines[BLOCK_BYTES] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static uint32_t word_at(const unsigned char *block, unsigned i)
{
	return (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
	       (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
}

static void block_add(uint32_t sum[4], const unsigned char *block)
{
	uint32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];

	for (unsigned i = 0; i < BLOCK_BYTES; i++) {
		unsigned round = i / 16, rotation = rotations[round][i % 4], word;
		uint32_t f;

		if (round == 0) {
			f = (b & c) | (~b & d);
			word = i;
		} else if (round == 1) {
			f = (d & b) | (~d & c);
			word = (5 * i + 1) % 16;
		} else if (round == 2) {
			f = b ^ c ^ d;
			word = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			word = 7 * i % 16;
		}
		f += a + sines[i] + word_at(block, word);
		a = d;
		d = c;
		c = b;
		b += f << rotation | f >> (32 - rotation);
	}
	sum[0] += a;
	sum[1] += b;
	sum[2] += c;
	sum[3] += d;
}

uint64_t md5_low64(const void *bytes, size_t nbytes)
{
	uint32_t sum[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	unsigned char last[2 * BLOCK_BYTES] = { 0 };
	const unsigned char *at = bytes;
	size_t left = nbytes, nlast;
	uint64_t nbits = (uint64_t)nbytes * 8;

	for (; left >= BLOCK_BYTES; left -= BLOCK_BYTES, at += BLOCK_BYTES)
		block_add(sum, at);
	if (left > 0)
		memcpy(last, at, left);
	last[left] = 0x80;
	nlast = left + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
	for (unsigned i = 0; i < 8; i++)
		last[nlast - 8 + i] = (unsigned char)(nbits >> (8 * i));
	block_add(sum, last);
	if (nlast > BLOCK_BYTES)
		block_add(sum, last + BLOCK_BYTES);
	return (uint64_t)sum[1] << 32 | sum[0];
}
