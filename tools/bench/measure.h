/* SPDX-License-Identifier: MIT */
/* Runs one command to its end and tells what it cost. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* Nothing measured here may take longer: a hung command is killed and counts as failed. */
#define MEASURE_LIMIT_S 300

struct sample {
	double wall_s;
	double cpu_s;			/* of the process and the children it reaped */
	double first_cpu_s;		/* of its first thread: proctor's supervisor; < 0: not known */
	double own_cpu_s;		/* of all its threads, in ticks; < 0: not known */
	double peak_kb;			/* most memory the process held (VmHWM); < 0: not known */
};

/*
 * Runs `argv` with its output in the file `out`. The process is traced as far as its exit, where
 * it still has its memory and the times of its reaped children. Its exit status, or -1 if it was
 * killed or could not be started.
 */
int measure(char *const argv[], const char *out, struct sample *sample);

/* The wall time of `times` runs, one after another, output dropped; for what takes a millisecond. */
int measure_many(char *const argv[], unsigned times, struct sample *sample);

#endif
