/* What create's own files share; nobody else includes this. */
#ifndef BTTUI_APP_CREATE_PRIVATE_H
#define BTTUI_APP_CREATE_PRIVATE_H

#include "app/foreground.h"
#include "app/options.h"
#include "base/buffer.h"
#include "meta/metainfo_write.h"
#include "torrent/tree_walk.h"

struct create_oddity {
    char *path;
    enum tree_oddity kind;
};

/* Where the torrent file goes. */
struct create_output {
    char *path, *dir; /* the file; the directory it is in */
    int dir_fd;
    const char *name; /* in it */
    bool is_there;    /* something is; it is to be replaced */
    dev_t device;     /* what is there */
    ino_t inode;
};

struct create {
    const struct options *options;
    struct foreground foreground;
    char *real;       /* PATH without links: parent + "/" + name */
    char *parent;     /* "" for the root directory */
    const char *name; /* the end of REAL */
    struct create_output output;
    struct tree tree; /* of one file if PATH is one */
    struct create_oddity *oddities;
    uint32_t oddity_count, oddity_capacity;
    bool oddity_lost; /* out of memory */
    struct metainfo_plan plan;
    struct metainfo_plan_file *plan_files;
    struct metainfo_tracker *trackers;
    struct piece_digest *digests;
    uint8_t *hashes; /* SHA1_BYTES a piece */
    uint8_t *roots;  /* SHA256_BYTES a piece, then a file */
};

/* Tells on standard error that WHAT is so with the file PATH below what was given ("":
 * that itself), and gives back STATUS. */
enum exit_status create_complain(const struct create *create, enum exit_status status,
                                 const char *path, const char *what);

/* create_scan.c */
/* Finds out what PATH is, and its name. */
enum exit_status create_find(struct create *create);
/* Fills in tree and oddities, and refuses names that a torrent would not keep. */
enum exit_status create_scan(struct create *create);
/* Whether everything is as the scan saw it; if not, says what is not. */
enum exit_status create_check_unchanged(const struct create *create);

/* create_output.c */
/* Whether the file can be made, as far as that can be told before. */
enum exit_status create_output_open(struct create *create);
enum exit_status create_output_write(const struct create *create,
                                     const struct buffer *torrent);
void create_output_close(struct create_output *output);

/* create_report.c */
void create_tell_oddities(const struct create *create);
enum exit_status create_report(const struct create *create,
                               const struct metainfo *metainfo);

#endif
