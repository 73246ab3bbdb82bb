/* Hashes of v2 trees (BEP 52) of single blocks: those that peers ask us for, and those
 * that we ask them for to find out who spoiled a piece. Piece layers that are awaited are
 * in awaited_private.h. Loop thread. */
#ifndef BTTUI_TORRENT_HASHES_PRIVATE_H
#define BTTUI_TORRENT_HASHES_PRIVATE_H

#include "meta/hash_tree.h"
#include "torrent/torrent.h"

/* layers.c: asks PEER; without memory it is taken for one that does not answer. */
void torrent_ask_hashes(struct torrent *torrent, struct peer_id_ref peer,
                        const struct hash_request *request);

/* leaves.c: PEER_HASHES_WANTED; and DISK_LEAVES is done */
void torrent_on_hashes_wanted(struct torrent *torrent, const struct message *message);
void torrent_on_leaves(struct torrent *torrent, const struct message *message);
void torrent_serve_no_leaves(struct torrent *torrent); /* for good */

/* blame.c */
/* DISK_VERIFIED, DISK_FAILED_HASH: the Piece Manager is told, and who is guilty banned;
 * the blocks of MESSAGE go back to the pool, or wait for a proof of which are wrong. */
void torrent_judge_piece(struct torrent *torrent, struct message *message);
/* PEER_HASHES_…; false: they are none of those. */
bool torrent_on_leaf_hashes(struct torrent *torrent, const struct message *message);
void torrent_blame_peer_gone(struct torrent *torrent, struct peer_id_ref peer);
/* What waits is given up: the torrent does not run. */
void torrent_blame_nobody(struct torrent *torrent);

#endif
