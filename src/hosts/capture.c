/* SPDX-License-Identifier: MIT */
#include "hosts/capture.h"

#include <stdlib.h>
#include <string.h>

static bool capture_grow(struct capture *c, size_t want, size_t max_bytes)
{
	size_t cap = c->cap_bytes ? c->cap_bytes : 256;
	char *bytes;

	while (cap < want)
		cap *= 2;
	if (cap > max_bytes)
		cap = max_bytes;
	bytes = realloc(c->bytes, cap);
	if (!bytes)
		return false;
	c->bytes = bytes;
	c->cap_bytes = cap;
	return true;
}

/* Writes into the ring behind the head, which holds the last bytes only. */
static void capture_ring(struct capture *c, const char *bytes, size_t nbytes, size_t max_bytes)
{
	size_t head = max_bytes / 2, ring = max_bytes - head;

	if (ring == 0)
		return;
	if (nbytes > ring) {
		/* The write position moves as if all had been written. */
		c->ring_at = head + (c->ring_at - head + (nbytes - ring)) % ring;
		bytes += nbytes - ring;
		nbytes = ring;
	}
	while (nbytes > 0) {
		size_t n = max_bytes - c->ring_at;

		if (n > nbytes)
			n = nbytes;
		memcpy(c->bytes + c->ring_at, bytes, n);
		bytes += n;
		nbytes -= n;
		c->ring_at += n;
		if (c->ring_at == max_bytes)
			c->ring_at = head;
	}
}

void capture_append(struct capture *c, const char *bytes, size_t nbytes, size_t max_bytes)
{
	size_t room, n;

	c->total_bytes += nbytes;
	room = max_bytes - c->nbytes;
	n = nbytes < room ? nbytes : room;
	if (n > 0) {
		if (c->nbytes + n > c->cap_bytes && !capture_grow(c, c->nbytes + n, max_bytes))
			return;
		memcpy(c->bytes + c->nbytes, bytes, n);
		c->nbytes += n;
		c->ring_at = max_bytes / 2;
	}
	/* Where memory ran out before the buffer had its full size there is no ring: the bytes are
	 * only counted. */
	if (nbytes > n && c->nbytes == max_bytes)
		capture_ring(c, bytes + n, nbytes - n, max_bytes);
}

static void bytes_reverse(char *bytes, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		char b = bytes[i];

		bytes[i] = bytes[n - 1 - i];
		bytes[n - 1 - i] = b;
	}
}

char *capture_take(struct capture *c, size_t max_bytes, size_t *nbytes, size_t *nhead,
		   uint64_t *total_bytes)
{
	char *bytes = c->bytes;
	size_t head = max_bytes / 2;

	*nbytes = c->nbytes;
	*total_bytes = c->total_bytes;
	*nhead = c->nbytes;
	if (c->total_bytes > c->nbytes && c->nbytes == max_bytes) {
		/* Three reversals put the ring in order without a second buffer. */
		bytes_reverse(bytes + head, c->ring_at - head);
		bytes_reverse(bytes + c->ring_at, max_bytes - c->ring_at);
		bytes_reverse(bytes + head, max_bytes - head);
		*nhead = head;
	}
	*c = (struct capture){ 0 };
	return bytes;
}

void capture_join(struct capture *to, struct capture *from, size_t max_bytes)
{
	size_t nbytes, nhead;
	uint64_t total_bytes;
	char *bytes;

	if (to->total_bytes == 0) {
		*to = *from;
		*from = (struct capture){ 0 };
		return;
	}
	bytes = capture_take(from, max_bytes, &nbytes, &nhead, &total_bytes);
	/* If `from` has a gap, its tail alone fills the ring of `to`: so the gap does not come to
	 * stand among the bytes of the result, but between its head and its tail. */
	if (bytes)
		capture_append(to, bytes, nbytes, max_bytes);
	to->total_bytes += total_bytes - (bytes ? nbytes : 0);
	free(bytes);
}

void capture_free(struct capture *c)
{
	free(c->bytes);
	*c = (struct capture){ 0 };
}

void cutter_init(struct cutter *c, const uint8_t *key, size_t max_bytes)
{
	*c = (struct cutter){ .max_bytes = max_bytes, .marked = key != NULL };
	if (key)
		memcpy(c->key, key, sizeof(c->key));
	c->cuts_tail = &c->cuts;
	c->passed_tail = &c->passed;
}

/* Takes the oldest cut off a list. */
static struct cut *cuts_pop(struct cut **cuts, struct cut ***tail)
{
	struct cut *cut = *cuts;

	*cuts = cut->next;
	if (!*cuts)
		*tail = cuts;
	return cut;
}

static struct cut *cutter_pop(struct cutter *c)
{
	struct cut *cut = cuts_pop(&c->cuts, &c->cuts_tail);

	c->ncut_bytes -= cut->capture.nbytes;
	return cut;
}

static void cut_free(struct cut *cut)
{
	capture_free(&cut->capture);
	free(cut);
}

void cutter_fini(struct cutter *c)
{
	while (c->cuts)
		cut_free(cutter_pop(c));
	while (c->passed)
		cut_free(cuts_pop(&c->passed, &c->passed_tail));
	capture_free(&c->open);
}

void cutter_cut(struct cutter *c, uint32_t serial)
{
	struct cut *cut;

	bool at_exit = c->last;

	if (serial == MARKER_LAST)
		c->last = true;
	else if (!at_exit)
		c->serial = serial;
	if (c->open.total_bytes == 0)
		return;
	cut = calloc(1, sizeof(*cut));
	if (!cut) {
		capture_free(&c->open);
		c->lost = true;
		return;
	}
	cut->serial = serial;
	cut->at_exit = at_exit;
	cut->capture = c->open;
	c->open = (struct capture){ 0 };
	c->ncut_bytes += cut->capture.nbytes;
	*c->cuts_tail = cut;
	c->cuts_tail = &cut->next;
}

/* May the marker with this number come next? Those of the tests come first, in order, then
 * MARKER_LAST, then those of the suites at the exit. */
static bool cutter_expects(const struct cutter *c, uint32_t serial)
{
	if (c->last)
		return serial >= MARKER_EXIT && serial < MARKER_EXIT + MARKER_EXITS_MAX;
	return serial == MARKER_LAST || (serial > c->serial && serial < MARKER_EXIT);
}

/* Cuts if the whole marker at `at` may come next; if not, a test has written these bytes. */
static bool cutter_try(struct cutter *c, const char *at)
{
	const unsigned char *n = (const unsigned char *)at + MARKER_KEY_BYTES;
	uint32_t serial = n[0] | (uint32_t)n[1] << 8 | (uint32_t)n[2] << 16 | (uint32_t)n[3] << 24;

	if (memcmp(at, c->key, MARKER_KEY_BYTES) != 0 || !cutter_expects(c, serial))
		return false;
	cutter_cut(c, serial);
	return true;
}

static void cutter_keep(struct cutter *c, const char *bytes, size_t nbytes)
{
	if (nbytes > 0)
		capture_append(&c->open, bytes, nbytes, c->max_bytes);
}

/* Could `bytes` (fewer than a marker) be the beginning of one? */
static bool cutter_begins(const struct cutter *c, const char *bytes, size_t nbytes)
{
	return memcmp(bytes, c->key, nbytes < MARKER_KEY_BYTES ? nbytes : MARKER_KEY_BYTES) == 0;
}

/* Completes the bytes that were held back, as they may begin a marker, with new ones until that is
 * known. Returns how many bytes it took. */
static size_t cutter_held(struct cutter *c, const char *bytes, size_t nbytes)
{
	size_t taken = 0;

	while (c->nheld > 0) {
		if (c->nheld == MARKER_BYTES) {
			if (cutter_try(c, c->held)) {
				c->nheld = 0;
				break;
			}
		} else if (cutter_begins(c, c->held, c->nheld)) {
			if (taken == nbytes)
				break;
			c->held[c->nheld++] = bytes[taken++];
			continue;
		}
		cutter_keep(c, c->held, 1);
		memmove(c->held, c->held + 1, --c->nheld);
	}
	return taken;
}

void cutter_feed(struct cutter *c, const char *bytes, size_t nbytes)
{
	const char *end = bytes + nbytes, *at;

	if (!c->marked) {
		cutter_keep(c, bytes, nbytes);
		return;
	}
	bytes += cutter_held(c, bytes, nbytes);
	while (bytes < end) {
		const char *from = bytes;

		/* Look for a marker, or for the beginning of one at the very end. */
		for (;;) {
			at = memchr(from, c->key[0], (size_t)(end - from));
			if (!at) {
				cutter_keep(c, bytes, (size_t)(end - bytes));
				return;
			}
			if ((size_t)(end - at) < MARKER_BYTES) {
				if (cutter_begins(c, at, (size_t)(end - at))) {
					cutter_keep(c, bytes, (size_t)(at - bytes));
					c->nheld = (size_t)(end - at);
					memcpy(c->held, at, c->nheld);
					return;
				}
			} else if (memcmp(at, c->key, MARKER_KEY_BYTES) == 0) {
				break;
			}
			from = at + 1;
		}
		cutter_keep(c, bytes, (size_t)(at - bytes));
		if (cutter_try(c, at)) {
			bytes = at + MARKER_BYTES;
		} else {
			cutter_keep(c, at, 1);
			bytes = at + 1;
		}
	}
}

void cutter_end(struct cutter *c)
{
	cutter_keep(c, c->held, c->nheld);
	c->nheld = 0;
}

/* An older one than was claimed last. */
static void cutter_claim_passed(struct cutter *c, uint32_t serial, struct capture *out)
{
	struct cut **at = &c->passed, *cut;

	while (*at && (*at)->serial < serial)
		at = &(*at)->next;
	cut = *at;
	if (!cut || cut->serial != serial)
		return;
	*at = cut->next;
	if (!*at)
		c->passed_tail = at;
	*out = cut->capture;
	free(cut);
}

static void cutter_pass(struct cutter *c, struct cut *cut)
{
	/* The test will run again: this belongs to an attempt that got no verdict. */
	if (c->marked) {
		cut_free(cut);
		return;
	}
	cut->next = NULL;
	*c->passed_tail = cut;
	c->passed_tail = &cut->next;
}

void cutter_claim(struct cutter *c, uint32_t serial, struct capture *out)
{
	*out = (struct capture){ 0 };
	cutter_claim_passed(c, serial, out);
	while (c->cuts && !c->cuts->at_exit && c->cuts->serial <= serial) {
		struct cut *cut = cutter_pop(c);

		if (cut->serial != serial) {
			cutter_pass(c, cut);
			continue;
		}
		*out = cut->capture;
		free(cut);
	}
}

bool cutter_claim_exit(struct cutter *c, uint32_t *suite, struct capture *out)
{
	struct cut *cut;

	if (!c->cuts || !c->cuts->at_exit)
		return false;
	cut = cutter_pop(c);
	*suite = cut->serial - MARKER_EXIT;
	*out = cut->capture;
	free(cut);
	return true;
}
