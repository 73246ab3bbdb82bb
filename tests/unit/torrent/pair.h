/*
 * Two sessions on one loop over 127.0.0.1: the seed has all of a torrent, the leech
 * nothing. Each has directories of its own below a temporary one.
 */
#ifndef BTTUI_TESTS_UNIT_TORRENT_PAIR_H
#define BTTUI_TESTS_UNIT_TORRENT_PAIR_H

#include "base/buffer.h"
#include "meta/metainfo.h"
#include "net/net.h"
#include "tests/lib/patient.h"
#include "torrent/looks.h"

struct add_options;

struct side {
    struct session *session;
    struct torrent_id id;
    char down[96], state[96];
    const char *incomplete; /* what side_open asks for; NULL: none */
    const char *suffix;     /* the same: of files that are not complete */
    /* what side_open asks for */
    unsigned names; /* enum metainfo_names, or-ed */
    bool sequential;
    bool dht, lsd, pex;
    char dht_node[32]; /* to start from */
    const char *dht_nodes[1];
    /* events seen since side_open */
    uint32_t completed, checked, pieces, checkpoints, errors, warnings, removed, bans;
    uint32_t last_checked, last_checkpoint; /* their numbers */
    char text[512];                         /* of the last error or warning */
};

struct pair {
    char root[64];
    struct patient time; /* the loop's */
    struct loop *loop;
    struct net *net;
    struct buffer torrent; /* the .torrent */
    struct metainfo *meta;
    uint8_t *content;
    struct side seed, leech;
};

/* A torrent of some files (several pieces, empty ones, a directory) called NAME. */
void pair_init(struct pair *pair, uint32_t piece_bytes);
void pair_done(struct pair *pair);
void pair_write_files(const struct pair *pair, const char *dir);
bool pair_files_are_right(const struct pair *pair, const char *dir);
uint64_t pair_size(const char *dir, const char *name); /* UINT64_MAX: not there */

/* KEEP: with its state directory. */
void side_open(struct pair *pair, struct side *side, bool keep);
enum error_code side_add(struct pair *pair, struct side *side,
                         const struct add_options *options);
/* Stops and frees the session, as a program that ends well does, and on a disk that is in
 * time for it, however slow: no work is given up. */
void side_close(struct pair *pair, struct side *side);
/* Frees it without a word, as far as that is like a kill. */
void side_drop(struct side *side);
struct torrent_info side_info(const struct side *side);
bool side_is_complete(const struct side *side);

/* Opens the seed with its files, adds the torrent and waits until it seeds. */
void pair_seed(struct pair *pair);
/* A loop for it, as pair_init makes one. */
void pair_open_loop(struct pair *pair);
/* Tells the leech of the seed. */
void pair_introduce(struct pair *pair);
/* Turns until DONE says so; fails the test after SECONDS on a machine and a disk that
 * have nothing else to do, and much later on others. */
void pair_until(struct pair *pair, bool (*done)(const struct pair *pair),
                unsigned seconds);
bool pair_leech_complete(const struct pair *pair);
bool pair_leech_ready(const struct pair *pair); /* checked, whatever was found */

#endif
