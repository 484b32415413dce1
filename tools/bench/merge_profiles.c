/* SPDX-License-Identifier: MIT */
/*
 * usage: merge_profiles LIST OUTPUT
 *
 * proctor's merge alone: adds the raw profiles that LIST names, a line each, and writes the sum.
 */
#include "coverage/merge.h"

#include <stdio.h>
#include <string.h>

static int add_all(struct merge *m, FILE *list, struct proctor_error *err)
{
	struct merge_found found;
	char path[4096];
	int ret = 0;

	while (ret == 0 && fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		ret = merge_add_file(m, path, &found, err);
	}
	return ret;
}

int main(int argc, char **argv)
{
	FILE *list = argc == 3 ? fopen(argv[1], "re") : NULL;
	struct proctor_error err;
	struct merge m;
	int ret;

	if (!list) {
		fputs("usage: merge_profiles LIST OUTPUT\n", stderr);
		return 2;
	}
	m = (struct merge){ 0 };
	ret = add_all(&m, list, &err);
	if (ret == 0 && m.sums.n > 0)
		ret = merge_write(m.sums.list[0], argv[2], &err);
	if (ret < 0)
		fprintf(stderr, "merge_profiles: %s\n", err.text);
	merge_fini(&m);
	fclose(list);
	return ret < 0;
}
