/* SPDX-License-Identifier: MIT */
/* proctor-host: started by proctor, not by hand. The words are in protocol.h. */
#include "host/guard.h"
#include "host/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve_main(false);
	if (argc == 3 && strcmp(argv[1], "serve") == 0 && strcmp(argv[2], "sanitized") == 0)
		return serve_main(true);
	if (argc == 4 && strcmp(argv[1], "guard") == 0)
		return guard_main(atoi(argv[2]), argv[3]);
	fputs("proctor-host runs tests for proctor; it is of no use alone.\n", stderr);
	return 2;
}
