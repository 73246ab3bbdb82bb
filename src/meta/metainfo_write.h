/*
 * Making a .torrent file (BEP 3, 12, 19, 27): a plan of what it shall hold, and its
 * bytes, which are the same for the same plan wherever it is written. What is read back
 * is compared with the plan, so that nothing is made that meta/metainfo.h would refuse or
 * understand otherwise. Pure; any thread.
 */
#ifndef BTTUI_META_METAINFO_WRITE_H
#define BTTUI_META_METAINFO_WRITE_H

#include "base/buffer.h"
#include "meta/metainfo.h"

#define METAINFO_LEAST_PIECE_BYTES (UINT32_C(16) << 10)

struct metainfo_plan_file {
    const char *path; /* below the name; not looked at if it is alone */
    uint64_t length;
};

/* All is borrowed. */
struct metainfo_plan {
    const char *name;
    const struct metainfo_plan_file *files; /* in the order they are hashed */
    uint32_t file_count;                    /* > 0 */
    bool multi_file;                        /* they stand in a directory called `name` */
    uint32_t piece_bytes, piece_count;
    const uint8_t *piece_hashes; /* SHA1_BYTES each; NULL: not known yet, zeros */
    bool is_private;
    const char *source, *comment;            /* NULL: none */
    int64_t created_s;                       /* negative: not told */
    const struct metainfo_tracker *trackers; /* by tier */
    uint32_t tracker_count;
    const char *const *webseeds;
    uint32_t webseed_count;
};

/* Appends the file to BUFFER. ERROR_LIMIT: past its cap. */
enum error_code metainfo_write(const struct metainfo_plan *plan,
                               struct buffer *buffer) MUST_CHECK;

/* Whether METAINFO says what PLAN does. *ret_file: the file whose path or length is not
 * the same, or file_count: something else. */
bool metainfo_is_as_planned(const struct metainfo *metainfo,
                            const struct metainfo_plan *plan, uint32_t *ret_file);

/* A power of two for so much data: 1,000 to 2,000 pieces if that is between 16 KiB and
 * 16 MiB, larger ones only where there would be over a million. */
uint32_t metainfo_choose_piece_bytes(uint64_t total_bytes);

#endif
