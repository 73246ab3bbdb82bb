/*
 * The demo's torrents: generated content, the same at every start, and the .torrent file
 * about it. Files are written here, before the demo begins: this blocks, for a fraction
 * of a second.
 */
#ifndef BTTUI_APP_DEMO_DATA_H
#define BTTUI_APP_DEMO_DATA_H

#include "app/demo_plan.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stddef.h>

uint64_t demo_data_bytes(const struct demo_torrent_plan *plan);

/* Bytes [OFFSET, OFFSET + LENGTH) of the torrent, which lie inside of it. */
void demo_data_fill(const struct demo_torrent_plan *plan, uint64_t offset, uint8_t *bytes,
                    size_t length);

/* Appends the .torrent file, private (BEP 27), announcing to 127.0.0.1:TRACKER_PORT.
 * ERROR_MEMORY or ERROR_LIMIT: TORRENT is to be thrown away. */
enum error_code demo_data_metainfo(const struct demo_torrent_plan *plan,
                                   uint16_t tracker_port,
                                   struct buffer *torrent) MUST_CHECK;

/* Writes PERCENT of the pieces, picked by SEED, below DIR, which is there. What was
 * written before a failure stays. */
enum error_code demo_data_write(const struct demo_torrent_plan *plan, const char *dir,
                                int percent, uint32_t seed) MUST_CHECK;

#endif
