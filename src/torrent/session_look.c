/* Looks at the session itself. */
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "torrent/activity_private.h"
#include "torrent/looks.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <string.h>

#define FREE_LOOK_NS (10 * NS_PER_S)

const char *port_mapping_word(enum port_mapping mapping)
{
    static const char *const words[PORT_MAPPING_COUNT] = {"none",    "asking", "silent",
                                                          "refused", "mapped", "inside"};
    return (unsigned)mapping < PORT_MAPPING_COUNT ? words[mapping] : "?";
}

struct event_bus *session_events(struct session *session)
{
    return session->events;
}

struct log *session_log(struct session *session)
{
    return session->log;
}

struct block_pool *session_pool(struct session *session)
{
    return session->pool;
}

uint32_t session_count(const struct session *session)
{
    return session->count;
}

struct torrent_id session_at(const struct session *session, uint32_t position)
{
    return position < session->count ? session->order[position]
                                     : (struct torrent_id){0, 0};
}

/* As of the last look, which a worker makes: a hung file system must not hold us. */
static uint64_t free_bytes(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    const uint64_t now_ns = loop_now_ns(session->loop);
    if (session->looking_for_space ||
        (session->free_looked_ns != 0 && now_ns - session->free_looked_ns < FREE_LOOK_NS))
        return session->free_bytes;
    session->free_looked_ns = now_ns;
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_SPACE, .torrent = nobody, .u.job.job = job};
    if (job != NULL)
        job->name = strdup(session->download_dir);
    session->looking_for_space = job != NULL && job->name != NULL &&
                                 disk_manager_post(session->disk, &request) == ERROR_NONE;
    if (!session->looking_for_space)
        disk_job_free(job);
    return session->free_bytes;
}

void session_set_sandbox(struct session *session, const char *text, bool files)
{
    snprintf(session->sandbox_text, sizeof session->sandbox_text, "%s", text);
    session->files_confined = files;
}

void session_get_totals(const struct session *session, struct session_totals *ret_totals)
{
    struct session_totals totals = session->totals_before;
    totals.sessions++;
    totals.seconds += (loop_now_ns(session->loop) - session->begun_ns) / NS_PER_S;
    totals.downloaded += session->gone_down;
    totals.uploaded += session->gone_up;
    for (uint32_t i = 0; i < session->count; i++) {
        struct peer_counts counts;
        peer_manager_get_counts(session_torrent(session, session->order[i])->peers,
                                &counts);
        totals.downloaded += counts.downloaded;
        totals.uploaded += counts.uploaded;
    }
    *ret_totals = totals;
}

void session_get_info(struct session *session, struct session_info *ret_info)
{
    struct net_bound bound;
    session->config.net->bound(session->config.net->context, &bound);
    struct session_info info = {
        .torrents = session->count,
        .down_rate = session->history.down_rate,
        .up_rate = session->history.up_rate,
        .turtle = session->settings.turtle,
        .turtle_next_s = session->turtle_next_s,
        .downloaded = session->gone_down,
        .uploaded = session->gone_up,
        .port = session->listeners[0] != NULL || session->listeners[1] != NULL
                    ? session->port
                    : 0,
        .incoming_seen = session->incoming_seen,
        .dht_nodes = session_dht_nodes(session),
        .free_bytes = free_bytes(session),
        .download_dir = session->download_dir,
        .state_dir = session->state.path,
        .sandbox = session->sandbox_text,
        .bound = bound.to,
        .trouble = bound.trouble,
        .no_udp = bound.no_udp,
    };
    session_portmap_look(session, &info);
    session_limits(session, &info.max_down, &info.max_up);
    peer_shared_get_filtered(session->peers, &info.blocklist, &info.blocked);
    for (uint32_t i = 0; i < session->count; i++) {
        struct peer_counts counts;
        peer_manager_get_counts(session_torrent(session, session->order[i])->peers,
                                &counts);
        info.downloaded += counts.downloaded;
        info.uploaded += counts.uploaded;
        info.peers += counts.connected;
    }
    *ret_info = info;
}
