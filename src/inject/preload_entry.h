/* SPDX-License-Identifier: MIT */
/* How a library is put into a program: by an entry of LD_PRELOAD. */
#ifndef INJECT_PRELOAD_ENTRY_H
#define INJECT_PRELOAD_ENTRY_H

/* In the first constructor, with the environment that it gets: takes the entry whose file is called `name` out
 * again, as programs that a test starts are not ours. */
void preload_entry_remove(const char *name, char **envp);

#endif
