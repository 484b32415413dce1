/* SPDX-License-Identifier: MIT */
/* What a library that is put into a program does when all constructors have run, and main() is next. */
#ifndef INJECT_START_MAIN_H
#define INJECT_START_MAIN_H

/* May change the arguments; returns where the program is to go on. */
typedef void before_main_function(int *argc, char ***argv);

/* To be called by a constructor. Otherwise nothing is done before main(). */
void start_main_after(before_main_function *before);

#endif
