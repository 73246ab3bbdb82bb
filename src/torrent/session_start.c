/* Making a session of its parts, and taking it apart. */
#include "base/i18n.h"
#include "torrent/download_path.h"
#include "torrent/torrent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANNOUNCES_MAX     20u
#define POOL_BYTES        ((size_t)64 << 20)
#define EVENTS_MAX        65536u
#define DESCRIPTORS_LEAST 32u
#define CONNECTIONS_MAX   500u /* of all torrents, unless one may have more */
#define DESCRIPTORS_KEPT  24u  /* for ourselves: state, trackers, workers, the terminal */

static enum error_code listen_on(struct session *session, int slot, const char *any)
{
    struct netaddr address;
    const struct net *net = session->config.net;
    const char *where = session->config.bind;
    if (where == NULL || netaddr_parse(where, 0, &address) != ERROR_NONE)
        where = any;
    if (netaddr_parse(where, session->port, &address) != ERROR_NONE)
        return ERROR_INVALID;
    address.port = session->port;
    uint16_t port;
    const enum error_code error =
        net->listen(net->context, session->loop, &address, incoming_accept,
                    session->incoming, &session->listeners[slot], &port);
    if (error == ERROR_NONE)
        session->port = port;
    return error;
}

static enum error_code open_listeners(struct session *session, uint16_t wanted_port,
                                      char *message)
{
    struct netaddr bound;
    session->port = wanted_port;
    if (!session->config.incoming)
        return ERROR_NONE;
    const bool single = session->config.bind != NULL &&
                        netaddr_parse(session->config.bind, 0, &bound) == ERROR_NONE;
    /* A port that was asked for is had in both families or not at all: half of it would
     * be another program's. A machine without one of them has the other. */
    enum error_code error = listen_on(session, 0, "0.0.0.0");
    const enum error_code error6 = single ? error : listen_on(session, 1, "[::]");
    if (error != ERROR_EXISTS && error6 == ERROR_NONE)
        error = ERROR_NONE;
    if (error == ERROR_NONE && error6 == ERROR_EXISTS && wanted_port != 0)
        error = ERROR_EXISTS;
    if (error != ERROR_NONE) {
        snprintf(
            message, SESSION_MESSAGE_SIZE, _("cannot listen on port %u: %s"), wanted_port,
            error == ERROR_EXISTS ? _("another program uses it") : error_text(error));
        return error;
    }
    peer_shared_set_port(session->peers, session->port);
    const struct message event = {.type = EVENT_LISTENING,
                                  .u.piece.piece = session->port};
    event_bus_post(session->events, &event);
    return ERROR_NONE;
}

static void close_listeners(struct session *session)
{
    for (int i = 0; i < 2; i++) {
        if (session->listeners[i] != NULL)
            session->config.net->unlisten(session->config.net->context,
                                          session->listeners[i]);
        session->listeners[i] = NULL;
    }
}

void session_listen_again(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    char message[SESSION_MESSAGE_SIZE];
    if (session->stopping)
        return;
    close_listeners(session);
    if (open_listeners(session, session->port, message) != ERROR_NONE)
        session_warn(session, nobody, "%s", message);
}

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
    const struct peer_shared_config peers = {
        .loop = session->loop,
        .net = config->net,
        .random = config->random,
        .log = config->log,
        .pool = session->pool,
        .max_connections = sockets == 0 ? connections : sockets - sockets / 4,
        .on_ban = session_bans_changed,
        .context = session,
    };
    session->disk = session->pool != NULL ? disk_manager_new(&disk) : NULL;
    session->peers = peer_shared_new(&peers);
    session->incoming = incoming_new(session->loop, session_lookup, session);
    if (session->incoming != NULL && sockets != 0)
        incoming_set_most(session->incoming, sockets / 4);
    session->http = http_new(session->loop, PACKAGE "/" VERSION, config->net);
    session->turns = tracker_turns_new(session->loop, ANNOUNCES_MAX);
    session->events = event_bus_new(session->loop, EVENTS_MAX);
    session->download_dir = download_path_absolute(config->download_dir);
    return session->disk != NULL && session->peers != NULL && session->incoming != NULL &&
                   session->http != NULL && session->turns != NULL &&
                   session->events != NULL && session->download_dir != NULL
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
        error = open_listeners(session, config->port, message);
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
    for (uint32_t i = 0; i < session->slot_count; i++)
        if (session->slots[i] != NULL)
            torrent_free(session->slots[i]);
    close_listeners(session);
    incoming_free(session->incoming);
    http_free(session->http);
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
