/*
 * Making a .torrent file (BEP 3, 12, 19, 27, 47, 52): a plan of what it shall hold, and
 * its bytes, which are the same for the same plan wherever it is written. What is read
 * back is compared with the plan, so that nothing is made that meta/metainfo.h would
 * refuse or understand otherwise. Pure; any thread.
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

enum metainfo_format { METAINFO_V1, METAINFO_V2, METAINFO_HYBRID };

/* All is borrowed. */
struct metainfo_plan {
    enum metainfo_format format;
    const char *name;
    const struct metainfo_plan_file *files; /* in the order they are hashed; but for V1 by
                                               metainfo_compare_paths */
    uint32_t file_count;                    /* > 0 */
    bool multi_file;                        /* they stand in a directory called `name` */
    uint32_t piece_bytes, piece_count;
    const uint8_t *piece_hashes; /* SHA1_BYTES each; NULL: not known yet, zeros */
    const uint8_t *piece_roots;  /* SHA256_BYTES each, and each file's, whatever it is
                                    if that is empty; NULL: not known yet: it has no */
    const uint8_t *file_roots;   /* piece layers, and anything for roots */
    bool is_private;
    const char *source, *comment;            /* NULL: none */
    int64_t created_s;                       /* negative: not told */
    const struct metainfo_tracker *trackers; /* by tier */
    uint32_t tracker_count;
    const char *const *webseeds;
    uint32_t webseed_count;
};

/* The order of a file tree (BEP 52): by components, these by their bytes. */
int metainfo_compare_paths(const char *a, const char *b);
/* How many pieces FILES come to: but for V1 each has its own. Past METAINFO_MAX_PIECES it
 * may be any number past that. */
uint64_t metainfo_plan_pieces(const struct metainfo_plan *plan);

/* Appends the file to BUFFER. ERROR_LIMIT: past its cap. */
enum error_code metainfo_write(const struct metainfo_plan *plan,
                               struct buffer *buffer) MUST_CHECK;

/* The file for an info dictionary that came alone, LENGTH bytes at INFO: with the
 * trackers and web seeds of AROUND, and nothing else. */
enum error_code metainfo_write_around(const struct metainfo *around, const uint8_t *info,
                                      size_t length, struct buffer *buffer) MUST_CHECK;
/* The same of METAINFO, which is a v2 or hybrid torrent, with the piece layers that have
 * come by now: ROOTS are SHA256_BYTES a piece. */
enum error_code metainfo_write_layered(const struct metainfo *around,
                                       const struct metainfo *metainfo,
                                       const uint8_t *roots,
                                       struct buffer *buffer) MUST_CHECK;

/* Whether METAINFO says what PLAN does. *ret_file: the file whose path or length is not
 * the same, or file_count: something else. */
bool metainfo_is_as_planned(const struct metainfo *metainfo,
                            const struct metainfo_plan *plan, uint32_t *ret_file);

/* A power of two for so much data: 1,000 to 2,000 pieces if that is between 16 KiB and
 * 16 MiB, larger ones only where there would be over a million. */
uint32_t metainfo_choose_piece_bytes(uint64_t total_bytes);

#endif
