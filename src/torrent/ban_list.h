/*
 * The list of bans as bytes: what the state file "bans" holds (HOSTILE.md P36, R17).
 * Pure. A ban has the address peer_shared_ban was given, cut to its key.
 */
#ifndef BTTUI_TORRENT_BAN_LIST_H
#define BTTUI_TORRENT_BAN_LIST_H

#include "base/buffer.h"
#include "peer/peer_manager.h"

#define BAN_LIST_RECORD_BYTES 28u
#define BAN_LIST_KEEP_S       (INT64_C(48) * 3600) /* how long one holds */

/* Appends COUNT bans to BUFFER. */
enum error_code ban_list_encode(const struct peer_ban *bans, uint32_t count,
                                struct buffer *buffer) MUST_CHECK;
/* At most PEER_BANS_MAX; the caller frees. ERROR_CORRUPT: not such a list. Those that
 * have expired at NOW_S are left out, those from the future count from now. */
enum error_code ban_list_decode(const uint8_t *bytes, size_t length, int64_t now_s,
                                struct peer_ban **ret_bans,
                                uint32_t *ret_count) MUST_CHECK;

#endif
