/*
 * The demo's tracker: a small HTTP server on 127.0.0.1 in the one loop, for the torrents
 * it was told of. Peers are known by the address they ask from and the port they name.
 * Everything is bounded: connections, bytes, time, torrents, peers. Loop thread.
 */
#ifndef BTTUI_APP_DEMO_TRACKER_H
#define BTTUI_APP_DEMO_TRACKER_H

#include "base/digest.h"
#include "base/error.h"
#include "loop/loop.h"
#include "net/net.h"

#include <stdint.h>

struct demo_tracker;

/* Listens on 127.0.0.1, any port. LOOP and NET outlive it. */
enum error_code demo_tracker_new(struct loop *loop, struct net *net,
                                 struct demo_tracker **ret_tracker) MUST_CHECK;
void demo_tracker_free(struct demo_tracker *tracker); /* NULL is ignored */
uint16_t demo_tracker_port(const struct demo_tracker *tracker);
/* Serves this torrent. ERROR_FULL: has DEMO_TORRENTS_MAX already. */
enum error_code demo_tracker_serve(struct demo_tracker *tracker,
                                   const struct info_hash *hash) MUST_CHECK;

#endif
