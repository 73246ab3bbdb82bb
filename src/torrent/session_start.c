/* Making a session of its parts, and taking it apart. */
#include "base/i18n.h"
#include "discovery/tracker_turns.h"
#include "disk/disk_manager.h"
#include "net/http.h"
#include "net/utp.h"
#include "peer/incoming.h"
#include "torrent/activity_private.h"
#include "torrent/commands.h"
#include "torrent/download_path.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANNOUNCES_MAX     16u /* of 20 transfers; others fetch torrents, ask the gateway */
#define POOL_BYTES        ((size_t)64 << 20)
#define EVENTS_MAX        65536u
#define DESCRIPTORS_LEAST 32u
#define CONNECTIONS_MAX   500u /* of all torrents, unless one may have more */
#define DESCRIPTORS_KEPT  24u  /* for ourselves: state, trackers, workers, the terminal */

static void make_peer_id(struct session *session)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    memcpy(session->peer_id, "-BT0100-", 8);
    for (int i = 8; i < 20; i++)
        session->peer_id[i] = (uint8_t)digits[random_below(session->config.random, 36)];
}

static uint32_t worker_count(const struct session_config *config)
{
    if (config->workers == UINT32_MAX)
        return 0; /* inline: tests on virtual time */
    if (config->workers > 0)
        return config->workers;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 8 ? 8 : (uint32_t)cores;
}

static void on_disk_responses(void *context)
{
    (void)context; /* the hook of this turn takes them */
}

/* How many files must be allowed open for so many peers: disk and state have theirs,
 * whatever peers do (P39), and so have those who have not said yet what they want. */
static rlim_t descriptors_for(uint32_t connections)
{
    const rlim_t sockets = (rlim_t)connections + connections / 3;
    return (sockets + DESCRIPTORS_KEPT) + (sockets + DESCRIPTORS_KEPT) / 3;
}

/* The user's word may go beyond our default, and the hard limit is the system's. */
static void want_descriptors(uint32_t connections)
{
    struct rlimit limit;
    const rlim_t wanted = descriptors_for(connections);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: sockets_for_peers sees */
}

/* What few descriptors leave for peers; 0: there are enough for all CONNECTIONS. */
static uint32_t sockets_for_peers(uint32_t connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur >= descriptors_for(connections))
        return 0;
    const uint32_t least = 4;
    const uint32_t kept = DESCRIPTORS_KEPT + (uint32_t)limit.rlim_cur / 4;
    return (uint32_t)limit.rlim_cur < kept + least ? least
                                                   : (uint32_t)limit.rlim_cur - kept;
}

static void on_utp_accept(void *context, struct stream *stream,
                          const struct netaddr *from)
{
    const struct session *session = context;
    if (session->incoming != NULL)
        incoming_accept(session->incoming, stream, from);
    else
        stream_close(stream);
}

static enum error_code make_udp(struct session *session)
{
    const struct session_config *config = &session->config;
    session->udp = udp_port_new(session->loop, config->net);
    if (session->udp == NULL)
        return ERROR_MEMORY;
    const struct utp_config utp = {
        .loop = session->loop,
        .port = session->udp,
        .random = config->random,
        .on_accept = config->incoming ? on_utp_accept : NULL,
        .accept_context = session,
    };
    session->utp = config->utp ? utp_new(&utp) : NULL;
    return config->utp && session->utp == NULL ? ERROR_MEMORY : ERROR_NONE;
}

static enum error_code make_parts(struct session *session)
{
    const struct session_config *config = &session->config;
    session->pool =
        block_pool_new(config->pool_bytes != 0 ? config->pool_bytes : POOL_BYTES);
    const struct disk_manager_config disk = {
        .loop = session->loop,
        .pool = session->pool,
        .workers = worker_count(config),
        .held = config->hold_workers,
        .verify_writes = config->verify_writes,
        .on_responses = on_disk_responses,
        .context = session,
    };
    const uint32_t connections =
        config->max_peers > CONNECTIONS_MAX ? config->max_peers : CONNECTIONS_MAX;
    if (connections > CONNECTIONS_MAX)
        want_descriptors(connections);
    const uint32_t sockets = sockets_for_peers(connections);
    const enum error_code error = make_udp(session);
    if (error != ERROR_NONE)
        return error;
    const struct peer_shared_config peers = {
        .loop = session->loop,
        .net = config->net,
        .utp = session->utp,
        .random = config->random,
        .log = config->log,
        .pool = session->pool,
        .max_connections = sockets == 0 ? connections : sockets - sockets / 4,
        .pex = config->pex,
        .holepunch_relay = config->holepunch_relay,
        .on_ban = session_bans_changed,
        .on_dht_node = session_dht_ping,
        .context = session,
    };
    session->disk = session->pool != NULL ? disk_manager_new(&disk) : NULL;
    session->peers = peer_shared_new(&peers);
    if (session->peers != NULL)
        peer_shared_set_encryption(session->peers, config->encryption);
    session->incoming =
        session->peers != NULL
            ? incoming_new(session->peers, session_lookup, session_find, session)
            : NULL;
    if (session->incoming != NULL && sockets != 0)
        incoming_set_most(session->incoming, sockets / 4);
    session->http = http_new(session->loop, PACKAGE "/" VERSION, config->net);
    session->files_http = http_new(session->loop, PACKAGE "/" VERSION, config->net);
    session->turns = tracker_turns_new(session->loop, ANNOUNCES_MAX);
    session->events = event_bus_new(session->loop, EVENTS_MAX);
    session->download_dir = download_path_absolute(config->download_dir);
    return session->disk != NULL && session->peers != NULL && session->incoming != NULL &&
                   session->http != NULL && session->files_http != NULL &&
                   session->turns != NULL && session->events != NULL &&
                   session->download_dir != NULL
               ? ERROR_NONE
               : ERROR_MEMORY;
}

static enum error_code enough_descriptors(char *message)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_LEAST)
        return ERROR_NONE;
    snprintf(message, SESSION_MESSAGE_SIZE,
             _("at least %u open files are needed, and the limit is %u (ulimit -n)"),
             DESCRIPTORS_LEAST, (unsigned)limit.rlim_cur);
    return ERROR_LIMIT;
}

static void warn_of_state_dir(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    if (session->state.read_only)
        session_warn(session, nobody,
                     _("%s cannot be written to: this session will not be kept"),
                     session->state.path);
    else if (session->state.fd >= 0 && !session->state.locked)
        session_warn(session, nobody,
                     _("%s is on a file system without locks: see to it that no other "
                       "bttui uses it"),
                     session->state.path);
}

enum error_code session_new(const struct session_config *config,
                            struct session **ret_session,
                            char message[SESSION_MESSAGE_SIZE])
{
    struct session *session = calloc(1, sizeof *session);
    message[0] = '\0';
    if (session == NULL) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(ERROR_MEMORY));
        return ERROR_MEMORY;
    }
    session->config = *config;
    session->loop = config->loop;
    session->log = config->log;
    session->state = (struct state_dir){.fd = -1, .lock_fd = -1};
    session->free_bytes = UINT64_MAX;
    session_begin_turns(session);
    session_init_bans(session);
    session_init_queue(session);
    session_watch_network(session);
    session_init_list(session);
    session_init_keeping(session);
    session_init_known_peers(session);
    session_init_turtle(session);
    session_init_goals(session);
    session->begun_ns = session->totals_saved_ns = loop_now_ns(session->loop);
    make_peer_id(session);
    enum error_code error = enough_descriptors(message);
    if (error == ERROR_NONE && config->state_dir != NULL)
        error = state_dir_open(config->state_dir, &session->state, message,
                               SESSION_MESSAGE_SIZE);
    if (error == ERROR_NONE)
        error = make_parts(session);
    if (error == ERROR_NONE)
        error = session_listen(session, message);
    if (error == ERROR_NONE)
        error = session_dht_begin(session);
    if (error == ERROR_NONE)
        error = session_lsd_begin(session);
    if (error == ERROR_NONE)
        error = session_portmap_begin(session);
    if (error != ERROR_NONE) {
        if (message[0] == '\0')
            snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
        session_free(session);
        return error;
    }
    warn_of_state_dir(session);
    session_warn_of_bind(session);
    session_load_bans(session);
    session->configured = (struct session_settings){
        .max_down = config->max_down,
        .max_up = config->max_up,
        .turtle_down = config->turtle_down,
        .turtle_up = config->turtle_up,
        .goal = config->goal,
        .active_downloads = config->active_downloads,
        .active_seeds = config->active_seeds,
        .active_checks = config->active_checks,
    };
    session_apply_settings(session, &session->configured);
    session_set_schedule(session, config->turtle_schedule);
    *ret_session = session;
    return ERROR_NONE;
}

enum error_code session_begin(struct session *session)
{
    return disk_manager_begin(session->disk);
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    session_unwatch_network(session);
    disk_manager_stop(session->disk); /* it reads what torrent_free frees */
    HASH_CLEAR(hh, session->by_hash);
    HASH_CLEAR(hh_obfuscated, session->by_obfuscated);
    for (uint32_t i = 0; i < session->slot_count; i++)
        if (session->slots[i] != NULL)
            torrent_free(session->slots[i]);
    incoming_free(session->incoming);
    session_dht_end(session);
    utp_free(session->utp);
    session_lsd_end(session);
    session_portmap_end(session);
    session_stop_listening(session);
    udp_port_free(session->udp);
    session_end_fetches(session);
    http_free(session->http);
    http_free(session->files_http);
    tracker_turns_free(session->turns);
    disk_manager_free(session->disk);
    peer_shared_free(session->peers);
    event_bus_free(session->events);
    block_pool_free(session->pool);
    state_dir_close(&session->state);
    loop_hook_remove(session->loop, &session->hook);
    loop_timer_cancel(session->loop, &session->tick);
    loop_timer_cancel(session->loop, &session->stop_timer);
    loop_timer_cancel(session->loop, &session->bans_timer);
    loop_timer_cancel(session->loop, &session->list_timer);
    loop_timer_cancel(session->loop, &session->keep_timer);
    loop_timer_cancel(session->loop, &session->peers_timer);
    loop_timer_cancel(session->loop, &session->turtle_timer);
    loop_timer_cancel(session->loop, &session->goal_timer);
    loop_timer_cancel(session->loop, &session->queue_timer);
    history_done(&session->history);
    free(session->slots);
    free(session->generations);
    free(session->order);
    free(session->waiting);
    free(session->gone);
    session_free_label_rules(session);
    free(session->download_dir);
    free(session);
}
