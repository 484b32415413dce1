/* SPDX-License-Identifier: MIT */
#ifndef LIB_DOCTOR_TOOLS_H
#define LIB_DOCTOR_TOOLS_H

#include "lib/facts.h"

/* Adds which tools are in PATH that coverage reports need, or that people use after a crash. */
void doctor_tools(struct facts *f);

#endif
