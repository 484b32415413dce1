/* SPDX-License-Identifier: MIT */
#include "hosts/evidence.h"

#include <errno.h>
#include <stdlib.h>

int evidence_init(struct evidence *e, unsigned ntests)
{
	*e = (struct evidence){ .tests = calloc(ntests, sizeof(*e->tests)), .ntests = ntests };
	return e->tests ? 0 : -ENOMEM;
}

void evidence_fini(struct evidence *e)
{
	for (unsigned i = 0; i < e->ntests; i++)
		test_record_fini(&e->tests[i].record);
	free(e->tests);
	free(e->open_message);
	crash_fini(&e->crash);
	module_list_fini(&e->modules);
}
