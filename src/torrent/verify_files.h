/*
 * What is said of each file of a torrent when pieces are verified: a look at the files
 * themselves first, then the judgement, which knows that a piece may lie in several
 * files and a bad one need not be the fault of all.
 */
#ifndef BTTUI_TORRENT_VERIFY_FILES_H
#define BTTUI_TORRENT_VERIFY_FILES_H

#include "base/bitfield.h"
#include "meta/metainfo.h"
#include "torrent/data_check.h"

enum verify_state {
    VERIFY_OK,
    VERIFY_MISSING,
    VERIFY_NOT_REGULAR, /* a directory, a link … stands in its place or on the way */
    VERIFY_UNREADABLE,
    VERIFY_SHORT,
    VERIFY_LONG,
    VERIFY_WRONG,
    VERIFY_UNCERTAIN /* its only bad pieces are shared with files of the states above */
};

struct verify_file {
    enum verify_state state;
    int errno_value;                   /* VERIFY_UNREADABLE: why */
    bool unfinished;                   /* what is there has the suffix behind its name */
    uint64_t found_bytes;              /* as long as it is, if it is there */
    uint32_t piece_count, piece_right; /* that it has a part in */
};

/* How METAINFO's files below CHECK's directory look after CHECK, which has RET_ERRNOS and
 * RET_STAMPS. FILES: one each, padding and links are taken for right. */
void verify_look(const struct data_check_config *check, struct verify_file *ret_files);
/* Adds what HAVE, the pieces that are right, says of them. Pure. ERROR_MEMORY. */
enum error_code verify_judge(const struct metainfo *metainfo, const struct bitfield *have,
                             struct verify_file *files) MUST_CHECK;

/* "not-regular" for machines. */
const char *verify_state_word(enum verify_state state);

#endif
