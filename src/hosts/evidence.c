/* SPDX-License-Identifier: MIT */
#include "hosts/evidence.h"

#include <stdlib.h>

void evidence_fini(struct evidence *e)
{
	for (unsigned i = 0; i < TASK_TESTS_MAX; i++)
		record_fini(&e->tests[i].record);
	free(e->open_message);
	crash_fini(&e->crash);
	module_list_fini(&e->modules);
}
