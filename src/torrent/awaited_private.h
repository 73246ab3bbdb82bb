/*
 * What is not known of a torrent yet, and is asked of peers: the metadata of a link,
 * the piece layers of a v2 torrent. Loop thread.
 */
#ifndef BTTUI_TORRENT_AWAITED_PRIVATE_H
#define BTTUI_TORRENT_AWAITED_PRIVATE_H

#include "torrent/torrent.h"

/* metadata.c: a torrent that is known by its hash alone (BEP 9) */
struct magnet;
/* What MAGNET and OPTIONS say is kept in mind until the metainfo has come. */
enum error_code torrent_await(struct torrent *torrent, const struct magnet *magnet,
                              const struct add_options *options) MUST_CHECK;
void torrent_await_no_more(struct torrent *torrent);
/* PEER_METADATA_… */
void torrent_on_metadata(struct torrent *torrent, const struct message *message);
void torrent_metadata_peer_gone(struct torrent *torrent, struct peer_id_ref peer);
/* It runs: peers and time are told of. */
void torrent_metadata_begun(struct torrent *torrent);
/* Files are chosen before there are any: LIST (--select) holds when they are known. */
enum error_code torrent_select_later(struct torrent *torrent,
                                     const char *list) MUST_CHECK;
/* For people. */
struct metadata_progress;
void torrent_get_metadata_progress(const struct torrent *torrent,
                                   struct metadata_progress *ret_progress);
/* What restores it: a dictionary of the link, the directory, the choice of files. */
enum error_code torrent_write_link(const struct torrent *torrent,
                                   struct buffer *buffer) MUST_CHECK;
/* FILE, a whole .torrent, takes the place of what was awaited. */
void torrent_become(struct torrent *torrent, const uint8_t *file, size_t length);
/* M9: it has come, and is of no use. */
void torrent_refuse_metadata(struct torrent *torrent, enum error_code error,
                             const char *why);

/* layers.c: piece layers that have not come with the info dictionary (BEP 52) */
/* Asks peers for those of META, a v2 torrent without piece_roots, which it keeps a
 * reference of. torrent_become follows, or torrent_refuse_metadata. */
enum error_code torrent_seek_layers(struct torrent *torrent,
                                    struct metainfo *meta) MUST_CHECK;
/* The same of a hybrid that lacks them and goes by its v1 half meanwhile; of no other. */
void torrent_seek_layers_of_hybrid(struct torrent *torrent);
void torrent_seek_layers_no_more(struct torrent *torrent);
/* It has shaken hands, or is gone. */
void torrent_layers_peer_came(struct torrent *torrent, struct peer_id_ref peer);
void torrent_layers_peer_gone(struct torrent *torrent, struct peer_id_ref peer);
/* PEER_HASHES_… */
void torrent_on_hashes(struct torrent *torrent, const struct message *message);
/* For people; false: none are asked for. */
struct layer_progress;
bool torrent_get_layer_progress(const struct torrent *torrent,
                                struct layer_progress *ret_progress);

#endif
