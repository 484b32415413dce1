/* SPDX-License-Identifier: MIT */
/*
 * usage: deny EPERM|ENOSYS NAME[,NAME...] PROGRAM [ARGUMENT...]
 *
 * Runs a program under which system calls are refused, as the seccomp profiles of containers do it.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) { #name, SYS_##name }
static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register), CALL(pidfd_open),
	CALL(pidfd_send_signal), CALL(memfd_create), CALL(close_range), CALL(process_vm_readv),
	CALL(signalfd4), CALL(eventfd2), CALL(getrandom), CALL(sched_setaffinity),
	CALL(sched_getaffinity), CALL(prctl), CALL(setsid), CALL(waitid), CALL(clone3), CALL(vfork),
	CALL(pipe2), CALL(gettid), CALL(statx), CALL(rseq), CALL(sigaltstack), CALL(prlimit64),
};
#define NCALLS (sizeof(calls) / sizeof(calls[0]))

/* Appends "if this is its number, answer the error". */
static unsigned filter_add(struct sock_filter *filter, unsigned n, const char *name, unsigned errnum)
{
	for (size_t i = 0; i < NCALLS; i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		filter[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
		filter[n + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							     SECCOMP_RET_ERRNO | errnum);
		return n + 2;
	}
	fprintf(stderr, "deny: %s is not in its list\n", name);
	return 0;
}

int main(int argc, char **argv)
{
	struct sock_filter filter[2 * NCALLS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = 1, .filter = filter };

	if (argc < 4) {
		fprintf(stderr, "usage: deny EPERM|ENOSYS NAME[,NAME...] PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	for (char *name = strtok(argv[2], ","); name && program.len < 2 * NCALLS;
	     name = strtok(NULL, ",")) {
		program.len = (unsigned short)filter_add(filter, program.len, name,
							 strcmp(argv[1], "ENOSYS") == 0 ? ENOSYS : EPERM);
		if (program.len == 0)
			return 2;
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("deny: no filter can be set");
		return 3;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
