/*
 * Bencode as a test writes it: strings stand in quotes, "d'name''abc'e" for
 * "d4:name3:abce". Everything outside quotes is taken as it is.
 */
#ifndef BTTUI_TESTS_META_NOTATION_H
#define BTTUI_TESTS_META_NOTATION_H

#include "base/buffer.h"
#include "meta/metainfo.h"

/* One SHA-1, in quotes. */
#define HASH "'AAAAAAAAAAAAAAAAAAAA'"
/* A whole file around the members of info, and one whose info is right but for FILES. */
#define INFO(members) "d'info'd" members "ee"
#define FILES(list)   INFO("'files'l" list "e'name''n''piece length'i16384e'pieces'" HASH)
#define ONE_FILE      "'length'i5e'name''n''piece length'i16384e'pieces'" HASH

/* Appends what NOTATION stands for. */
void notation_append(struct buffer *buffer, const char *notation);
/* Parses it; NULL (and ERROR) when it is refused. The caller frees. */
struct metainfo *notation_parse(const char *notation, struct metainfo_error *ret_error);
/* The same, but it must be right. */
struct metainfo *notation_accept(const char *notation);

#endif
