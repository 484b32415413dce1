/* SPDX-License-Identifier: MIT */
#ifndef SYMBOLIZER_DEMANGLE_H
#define SYMBOLIZER_DEMANGLE_H

/*
 * A C++ or Rust symbol as it is written in source ("ns::Class::method(int)"), lent until the next call; `name`
 * itself where it is no such symbol, or where this machine has no libstdc++, whose function does it: it is
 * looked for at run time, as it is there wherever C++ programs run.
 * The mangling: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
 */
const char *demangle(const char *name);

#endif
