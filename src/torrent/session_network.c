/* When the network of this machine has changed, or we have slept: what was waited for may
 * be there now, and others may know us by an address that is no longer ours. */
#include "torrent/torrent.h"

#define GAP_NS (30 * NS_PER_S) /* no turn takes so long */

static void on_change(void *context)
{
    struct session *session = context;
    log_write(session->log, LOG_LEVEL_INFO, "the network has changed, or we have slept");
    session_watch_clock(session);
    peer_shared_network_changed(session->peers);
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent->running)
            tracker_manager_network_changed(torrent->trackers);
    }
}

void session_watch_network(struct session *session)
{
    const struct net *net = session->config.net;
    session->gap =
        (struct loop_gap){.late_ns = GAP_NS, .callback = on_change, .context = session};
    loop_gap_add(session->loop, &session->gap);
    session->net_watch = net->watch(net->context, session->loop, on_change, session);
    if (session->net_watch == NULL)
        log_write(session->log, LOG_LEVEL_INFO,
                  "the system does not tell when the network changes");
}

void session_unwatch_network(struct session *session)
{
    const struct net *net = session->config.net;
    net->unwatch(net->context, session->net_watch);
    loop_gap_remove(session->loop, &session->gap);
}
