/* SPDX-License-Identifier: MIT */
/*
 * The XML by which Catch2 and doctest tell of their tests. doctest took its reporter from Catch, and what each
 * has that the other has not does not collide: one parser reads both.
 *
 * Both write the start of a test before they call it, and its end before the next one starts, each flushed.
 * Both catch the signals of a crash, tell the test's end as a failure, and then die by that signal: such an end
 * is not told of here, so that the death has the last word.
 */
#ifndef ADAPTER_CATCH_XML_H
#define ADAPTER_CATCH_XML_H

#include "adapter/adapter.h"

extern const struct parser_ops catch_xml_parser;

#endif
