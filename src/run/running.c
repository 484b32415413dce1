/* SPDX-License-Identifier: MIT */
#include "run/running.h"

#include "base/clock.h"
#include "base/duration_words.h"
#include "hosts/exit_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct progress running_progress(struct watch *host, struct host_work *work)
{
	struct host_shared *shared = &host->host->shared;
	struct progress p = { 0 };

	pthread_mutex_lock(&shared->lock);
	*work = shared->work;
	if (work->busy)
		p = host->host->ops->progress(host->host, work, clock_us());
	pthread_mutex_unlock(&shared->lock);
	return p;
}

/* The test that runs in a host, or the host's exit, and since when; NULL: none does. The name of an
 * exit is written to `exit_name`, of EXIT_NAME_BYTES. */
static const char *running_id(struct watch *h, uint64_t *since_us, char *exit_name)
{
	struct host_work work;
	struct progress p = running_progress(h, &work);
	bool lives = h->state == HOST_RUNNING || h->state == HOST_STOPPING || h->state == HOST_KILLED;

	*since_us = p.since_us;
	if (!lives || !work.busy)
		return NULL;
	/* From then on its worker waits, and its suites stay the same. */
	if (work.ending && h->host->nsuites > 0) {
		exit_suite_name(h->host, exit_name, EXIT_NAME_BYTES);
		return exit_name;
	}
	return p.phase == PROGRESS_TEST ?
	       run_test(h->run, task_item(&work.task, p.nended))->pub.id : NULL;
}

void running_list(struct watch *hosts, char *words, size_t nwords)
{
	char exit_name[EXIT_NAME_BYTES];
	size_t n = 0, nmore = 0;

	words[0] = '\0';
	for (struct watch *h = hosts; h; h = h->next) {
		uint64_t since_us;
		const char *id = running_id(h, &since_us, exit_name);

		if (id && n + strlen(id) + 32 < nwords)
			n += (size_t)snprintf(words + n, nwords - n, "%s%s", n ? ", " : "", id);
		else if (id)
			nmore++;
	}
	if (nmore > 0)
		snprintf(words + n, nwords - n, "%s%zu more", n ? " and " : "", nmore);
}

char *running_ages(struct watch *hosts)
{
	char words[DURATION_WORDS_BYTES], exit_name[EXIT_NAME_BYTES], *text = NULL;
	size_t nbytes;
	FILE *file = open_memstream(&text, &nbytes);

	for (struct watch *h = hosts; file && h; h = h->next) {
		uint64_t since_us, now_us = clock_us();
		const char *id = running_id(h, &since_us, exit_name);

		if (!id)
			continue;
		since_us += pauses_within(&h->run->pauses, since_us, now_us);
		fprintf(file, "%s has run for %s\n", id,
			duration_words(now_us > since_us ? now_us - since_us : 0, words,
				       sizeof(words)));
	}
	if (!file || fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

void running_tell(struct watch *hosts, struct writer *w, size_t ndone)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_RUNNING, clock_us());
	char *text = e ? running_ages(hosts) : NULL;

	if (text && !*text) {
		free(text);
		if (asprintf(&text, "no test runs; %zu are done\n", ndone) < 0)
			text = NULL;
	}
	if (!text) {
		w->lost = true;
		writer_entry_free(e);
		return;
	}
	e->event.text = e->heap_text = text;
	writer_add(w, e);
}
