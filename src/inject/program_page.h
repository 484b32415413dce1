/* SPDX-License-Identifier: MIT */
/* The crash page of a program (wire/crash_page.h), from the inside. */
#ifndef INJECT_PROGRAM_PAGE_H
#define INJECT_PROGRAM_PAGE_H

#include "wire/crash_page.h"

/* Maps the page that CRASH_PAGE_FD holds, and closes that. NULL: there is none. */
struct crash_page *program_page_open(void);

#endif
