/* SPDX-License-Identifier: MIT */
/*
 * The files that are loaded in this process, for the backtrace of its crash. Read when it crashes: before
 * that it would cost each start of a program, and not have what the program opened later.
 */
#ifndef INJECT_LOADED_MODULES_H
#define INJECT_LOADED_MODULES_H

#include "wire/crash_page.h"

/* Async-signal-safe: it asks no lock of the loader, and reads the loader's list, which the crash may have
 * damaged, by way of the kernel. */
void loaded_modules_record(struct crash_page *page);

#endif
