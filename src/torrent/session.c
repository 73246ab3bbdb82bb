#include "torrent/session.h"

#include "base/i18n.h"
#include "base/text.h"
#include "disk/state_file.h"
#include "torrent/download_path.h"
#include "torrent/file_select.h"
#include "torrent/torrent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define POOL_BYTES         ((size_t)64 << 20)
#define EVENTS_MAX         65536u
#define STOP_NS            (4 * NS_PER_S)
#define RUN_ROUNDS         8
#define DESCRIPTORS_LEAST  32u
#define SHARE_LEAST_BLOCKS 16u

/* ---- finding torrents ---- */

struct torrent *session_torrent(const struct session *session, struct torrent_id id)
{
    if (id.index >= session->slot_count || session->slots[id.index] == NULL ||
        session->slots[id.index]->id.generation != id.generation)
        return NULL;
    return session->slots[id.index];
}

static struct peer_manager *lookup(void *context, const struct info_hash *hash)
{
    struct session *session = context;
    struct torrent *torrent;
    session->incoming_seen = true;
    HASH_FIND(hh, session->by_hash, hash, sizeof *hash, torrent);
    return torrent != NULL && torrent->running ? torrent->peers : NULL;
}

/* ---- news ---- */

void session_changed(struct torrent *torrent, uint32_t what)
{
    const struct message event = {
        .type = EVENT_TORRENT_CHANGED, .torrent = torrent->id, .u.changed.what = what};
    event_bus_post(torrent->session->events, &event);
}

void session_event(struct torrent *torrent, enum message_type type, uint32_t number)
{
    struct message event = {.type = type, .torrent = torrent->id};
    event.u.piece.piece = number;
    event_bus_post(torrent->session->events, &event);
}

/* ---- the pool ---- */

/* Three quarters of the pool are for pieces on their way, shared evenly by those that
 * download, so that together they never hold all blocks in pieces that cannot end. */
void session_share_pool(struct session *session)
{
    const uint32_t blocks = block_pool_total(session->pool) / 4 * 3;
    uint32_t sharers = 0;
    for (uint32_t i = 0; i < session->count; i++)
        sharers += torrent_is_downloading(session_torrent(session, session->order[i]));
    uint32_t share = sharers == 0 ? blocks : blocks / sharers;
    if (share < SHARE_LEAST_BLOCKS)
        share = SHARE_LEAST_BLOCKS;
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent_is_downloading(torrent))
            piece_manager_set_budget(torrent->pieces, share);
    }
}

/* ---- a turn ---- */

void session_run_soon(struct torrent *torrent)
{
    if (torrent->queued_to_run)
        return;
    torrent->queued_to_run = true;
    loop_do_not_sleep(torrent->session->loop); /* the hook may have run already */
    torrent->run_next = torrent->session->run_list;
    torrent->session->run_list = torrent;
}

static void unqueue(struct torrent *torrent)
{
    struct torrent **at = &torrent->session->run_list;
    while (*at != NULL && *at != torrent)
        at = &(*at)->run_next;
    if (*at != NULL)
        *at = torrent->run_next;
    torrent->queued_to_run = false;
}

void session_warn(struct session *session, struct torrent_id id, const char *format, ...)
{
    char raw[600], text[600];
    struct message event = {.type = EVENT_WARNING, .torrent = id};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_clean(text_untrusted(raw), 500, text, sizeof text);
    log_write(session->log, LOG_LEVEL_WARNING, "%s", text);
    event.u.text.text = strdup(text);
    if (event.u.text.text != NULL)
        event_bus_post(session->events, &event);
}

/* ---- jobs of the session's own ---- */

enum error_code session_post_job(struct session *session, enum message_type type,
                                 struct torrent_id id, struct disk_job *job)
{
    const struct message request = {.type = type, .torrent = id, .u.job.job = job};
    const enum error_code error = disk_manager_post(session->disk, &request);
    if (error != ERROR_NONE)
        disk_job_free(job);
    else
        session->jobs++;
    return error;
}

static void check_stopped(struct session *session);

static void on_job_done(struct session *session, const struct message *response)
{
    const struct disk_job *job = response->u.job.job;
    const enum error_code error = response->u.job.error;
    if (job->request == DISK_SPACE) {
        const struct message event = {.type = EVENT_SESSION_CHANGED,
                                      .u.changed.what = CHANGED_PROGRESS};
        session->looking_for_space = false;
        if (session->free_bytes != job->free_bytes)
            event_bus_post(session->events, &event);
        session->free_bytes = job->free_bytes;
        return;
    }
    if (job->request == DISK_RELEASE)
        return;
    if (job->request == DISK_DELETE && error != ERROR_NONE)
        session_warn(session, response->torrent,
                     _("%s: not all of its files could be deleted: %s"), job->name,
                     error_text(error));
    else if (job->cookie == 0 && error != ERROR_NONE)
        session_warn(session, response->torrent, _("%s/%s cannot be saved: %s"),
                     session->state.path, job->name, error_text(error));
    session->jobs--;
    check_stopped(session);
}

static bool take_disk_responses(struct session *session)
{
    struct message response;
    bool any = false;
    while (disk_manager_take(session->disk, &response)) {
        struct torrent *torrent = session_torrent(session, response.torrent);
        if (torrent != NULL)
            torrent_on_disk(torrent, &response);
        if (response.type == DISK_JOB_DONE)
            on_job_done(session, &response);
        message_done(&response, session->pool);
        any = true;
    }
    return any;
}

/* One turn's work for whoever has some; true: something was done. */
static bool run_round(struct session *session)
{
    bool any = session->config.workers == UINT32_MAX && disk_manager_run(session->disk);
    any |= take_disk_responses(session);
    struct torrent *torrent = session->run_list;
    any |= torrent != NULL;
    session->run_list = NULL;
    while (torrent != NULL) {
        struct torrent *next = torrent->run_next;
        torrent->queued_to_run = false;
        if (torrent_run(torrent))
            session_run_soon(torrent);
        torrent = next;
    }
    return any;
}

static bool on_hook(void *context)
{
    bool more = true;
    for (int round = 0; round < RUN_ROUNDS && more; round++)
        more = run_round(context);
    return more;
}

static void on_disk_responses(void *context)
{
    (void)context; /* the hook of this turn takes them */
}

static void on_tick(void *context)
{
    struct session *session = context;
    const uint64_t now_ns = loop_now_ns(session->loop);
    uint64_t down = session->gone_down, up = session->gone_up;
    bool again = false;
    for (uint32_t i = 0; i < session->count; i++) {
        struct peer_counts counts;
        struct torrent *torrent = session_torrent(session, session->order[i]);
        peer_manager_get_counts(torrent->peers, &counts);
        down += counts.downloaded;
        up += counts.uploaded;
        if (history_sample(&torrent->history, now_ns, counts.downloaded,
                           counts.uploaded)) {
            session_changed(torrent, CHANGED_PROGRESS | CHANGED_PEERS);
            again = true;
        }
    }
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_PROGRESS};
    if (history_sample(&session->history, now_ns, down, up) || again) {
        event_bus_post(session->events, &event);
        loop_timer_set_in(session->loop, &session->tick, NS_PER_S);
    }
}

void session_tick_soon(struct session *session)
{
    if (!loop_timer_is_set(&session->tick))
        loop_timer_set_in(session->loop, &session->tick, NS_PER_S);
}

/* ---- life ---- */

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

static enum error_code open_listeners(struct session *session, char *message)
{
    struct netaddr bound;
    session->port = session->config.port;
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
    if (error == ERROR_NONE && error6 == ERROR_EXISTS && session->config.port != 0)
        error = ERROR_EXISTS;
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, _("cannot listen on port %u: %s"),
                 session->config.port,
                 error == ERROR_EXISTS ? _("another program uses it")
                                       : error_text(error));
        return error;
    }
    peer_shared_set_port(session->peers, session->port);
    const struct message event = {.type = EVENT_LISTENING,
                                  .u.piece.piece = session->port};
    event_bus_post(session->events, &event);
    return ERROR_NONE;
}

static void make_peer_id(struct session *session)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    memcpy(session->peer_id, "-BT0100-", 8);
    for (int i = 8; i < 20; i++)
        session->peer_id[i] = (uint8_t)digits[random_below(session->config.random, 36)];
}

static void on_stop_timer(void *context)
{
    struct session *session = context;
    void (*stopped)(void *) = session->stopped;
    session->stopped = NULL;
    if (stopped != NULL)
        stopped(session->stopped_context);
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

static enum error_code make_parts(struct session *session)
{
    const struct session_config *config = &session->config;
    session->pool =
        block_pool_new(config->pool_bytes != 0 ? config->pool_bytes : POOL_BYTES);
    const struct disk_manager_config disk = {
        .loop = session->loop,
        .pool = session->pool,
        .workers = worker_count(config),
        .on_responses = on_disk_responses,
        .context = session,
    };
    const struct peer_shared_config peers = {
        .loop = session->loop,
        .net = config->net,
        .random = config->random,
        .log = config->log,
        .pool = session->pool,
    };
    session->disk = session->pool != NULL ? disk_manager_new(&disk) : NULL;
    session->peers = peer_shared_new(&peers);
    session->incoming = incoming_new(session->loop, lookup, session);
    session->http = http_new(session->loop, PACKAGE "/" VERSION, config->bind);
    session->events = event_bus_new(session->loop, EVENTS_MAX);
    session->download_dir = download_path_absolute(config->download_dir);
    return session->disk != NULL && session->peers != NULL && session->incoming != NULL &&
                   session->http != NULL && session->events != NULL &&
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
    if (session == NULL)
        return ERROR_MEMORY;
    session->config = *config;
    session->loop = config->loop;
    session->log = config->log;
    session->state = (struct state_dir){.fd = -1, .lock_fd = -1};
    session->free_bytes = UINT64_MAX;
    loop_timer_init(&session->tick, on_tick, session);
    loop_timer_init(&session->stop_timer, on_stop_timer, session);
    session->hook =
        (struct loop_hook){.callback = on_hook, .context = session, .order = 10};
    loop_hook_add(session->loop, &session->hook);
    make_peer_id(session);
    enum error_code error = enough_descriptors(message);
    if (error == ERROR_NONE && config->state_dir != NULL)
        error = state_dir_open(config->state_dir, &session->state, message,
                               SESSION_MESSAGE_SIZE);
    if (error == ERROR_NONE)
        error = make_parts(session);
    if (error == ERROR_NONE)
        error = open_listeners(session, message);
    if (error != ERROR_NONE) {
        if (message[0] == '\0')
            snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
        session_free(session);
        return error;
    }
    warn_of_state_dir(session);
    session_set_limits(session, config->max_down, config->max_up);
    *ret_session = session;
    return ERROR_NONE;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    disk_manager_stop(session->disk); /* it reads what torrent_free frees */
    HASH_CLEAR(hh, session->by_hash);
    for (uint32_t i = 0; i < session->slot_count; i++)
        if (session->slots[i] != NULL)
            torrent_free(session->slots[i]);
    for (int i = 0; i < 2; i++)
        if (session->listeners[i] != NULL)
            session->config.net->unlisten(session->config.net->context,
                                          session->listeners[i]);
    incoming_free(session->incoming);
    http_free(session->http);
    disk_manager_free(session->disk);
    peer_shared_free(session->peers);
    event_bus_free(session->events);
    block_pool_free(session->pool);
    state_dir_close(&session->state);
    loop_hook_remove(session->loop, &session->hook);
    loop_timer_cancel(session->loop, &session->tick);
    loop_timer_cancel(session->loop, &session->stop_timer);
    history_done(&session->history);
    free(session->slots);
    free(session->generations);
    free(session->order);
    free(session->download_dir);
    free(session);
}

void session_torrent_stopped(struct torrent *torrent)
{
    struct session *session = torrent->session;
    if (!torrent->trackers_done || !torrent->disk_done ||
        torrent->phase != TORRENT_PHASE_STOPPING)
        return;
    torrent->phase = TORRENT_PHASE_STOPPED;
    session_event(torrent, EVENT_STOPPED, 0);
    check_stopped(session);
}

static void check_stopped(struct session *session)
{
    if (!session->stopping || session->jobs > 0)
        return;
    for (uint32_t i = 0; i < session->count; i++)
        if (session_torrent(session, session->order[i])->phase != TORRENT_PHASE_STOPPED)
            return;
    loop_timer_set_in(session->loop, &session->stop_timer, 0);
}

void session_stop(struct session *session, void (*done)(void *context), void *context)
{
    if (session->stopping)
        return;
    session->stopping = true;
    session->stopped = done;
    session->stopped_context = context;
    for (int i = 0; i < 2; i++) {
        if (session->listeners[i] != NULL)
            session->config.net->unlisten(session->config.net->context,
                                          session->listeners[i]);
        session->listeners[i] = NULL;
    }
    loop_timer_set_in(session->loop, &session->stop_timer, STOP_NS);
    for (uint32_t i = 0; i < session->count; i++)
        torrent_stop(session_torrent(session, session->order[i]));
    check_stopped(session);
}

/* ---- adding ---- */

static enum error_code reserve_slot(struct session *session, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < session->slot_count; i++) {
        if (session->slots[i] == NULL) {
            *ret_index = i;
            return ERROR_NONE;
        }
    }
    const uint32_t count = session->slot_count == 0 ? 8 : session->slot_count * 2;
    struct torrent **slots = realloc(session->slots, count * sizeof(struct torrent *));
    if (slots != NULL)
        session->slots = slots;
    uint32_t *generations = realloc(session->generations, count * sizeof *generations);
    if (generations != NULL)
        session->generations = generations;
    struct torrent_id *order = realloc(session->order, count * sizeof *order);
    if (order != NULL)
        session->order = order;
    if (slots == NULL || generations == NULL || order == NULL)
        return ERROR_MEMORY;
    memset(slots + session->slot_count, 0,
           (count - session->slot_count) * sizeof(struct torrent *));
    memset(generations + session->slot_count, 0,
           (count - session->slot_count) * sizeof *generations);
    *ret_index = session->slot_count;
    session->slot_count = count;
    return ERROR_NONE;
}

/* T39, T47: MESSAGE says which rule. */
static enum error_code check_place(const struct session *session,
                                   const struct metainfo *meta, const char *dir,
                                   char message[SESSION_MESSAGE_SIZE])
{
    if (session->restoring)
        return ERROR_NONE; /* looked at when it was added */
    if (session->state.path != NULL &&
        download_path_is_inside(meta, dir, session->state.path)) {
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("its files would lie in the state directory %s; choose another "
                   "--download-dir"),
                 session->state.path);
        return ERROR_REFUSED;
    }
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *other = session_torrent(session, session->order[i]);
        if (!download_path_overlaps(meta, dir, other->meta, other->download_dir))
            continue;
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("its files would be those of another torrent in the list, “%.80s”; "
                   "choose another --download-dir"),
                 other->display_name);
        return ERROR_REFUSED;
    }
    return ERROR_NONE;
}

static bool load_resume(struct session *session, const struct metainfo *meta,
                        struct resume *ret_resume)
{
    char hex[INFO_HASH_HEX_SIZE], name[80];
    uint8_t *bytes;
    size_t length;
    if (session->state.fd < 0)
        return false;
    info_hash_hex(&meta->hash, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    const enum error_code error =
        state_file_load(session->state.fd, name, (size_t)64 << 20, &bytes, &length);
    if (error == ERROR_CORRUPT)
        log_write(session->log, LOG_LEVEL_WARNING,
                  "%s: the resume data are damaged, checking the files instead",
                  meta->name);
    if (error != ERROR_NONE)
        return false;
    const bool fine = resume_decode(bytes, length, meta, ret_resume) == ERROR_NONE;
    free(bytes);
    return fine;
}

static void keep_metainfo(struct torrent *torrent, const uint8_t *bytes, size_t length)
{
    struct session *session = torrent->session;
    char hex[INFO_HASH_HEX_SIZE], name[80];
    struct disk_job *job =
        session->state.fd >= 0 && !session->state.read_only ? disk_job_new() : NULL;
    if (job == NULL)
        return;
    info_hash_hex(&torrent->hash, hex);
    snprintf(name, sizeof name, "torrents/%s.torrent", hex);
    job->raw = true;
    job->dir_fd = session->state.fd;
    job->name = strdup(name);
    job->bytes = malloc(length);
    job->length = length;
    if (job->name == NULL || job->bytes == NULL) {
        disk_job_free(job);
        return;
    }
    memcpy(job->bytes, bytes, length);
    if (session_post_job(session, DISK_SAVE_RESUME, torrent->id, job) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "%s: not kept", torrent->display_name);
}

static enum error_code add_metainfo(struct session *session, struct metainfo *meta,
                                    const struct add_options *options,
                                    struct torrent_id *ret_id)
{
    struct resume resume;
    uint32_t index;
    enum error_code error = reserve_slot(session, &index);
    struct torrent *torrent = error == ERROR_NONE ? calloc(1, sizeof *torrent) : NULL;
    if (torrent == NULL) {
        metainfo_free(meta);
        return ERROR_MEMORY;
    }
    torrent->id = (struct torrent_id){index, ++session->generations[index]};
    const bool resumed = load_resume(session, meta, &resume);
    error = torrent_new(session, meta, options, resumed ? &resume : NULL, &torrent);
    if (error != ERROR_NONE) {
        torrent_free(torrent);
        return error;
    }
    session->slots[index] = torrent;
    session->order[session->count++] = torrent->id;
    HASH_ADD(hh, session->by_hash, hash, sizeof torrent->hash, torrent);
    *ret_id = torrent->id;
    session_event(torrent, EVENT_TORRENT_ADDED, 0);
    torrent_begin(torrent);
    return ERROR_NONE;
}

static const char *path_of(void *context, uint32_t file)
{
    return metainfo_file_path(context, file);
}

static enum error_code check_select(struct metainfo *meta, const char *list,
                                    char message[SESSION_MESSAGE_SIZE])
{
    const struct file_select files = {meta->file_count, path_of, meta};
    const char *item = "";
    char shown[128];
    if (list == NULL)
        return ERROR_NONE;
    bool *wanted = calloc(meta->file_count, sizeof *wanted);
    if (wanted == NULL)
        return ERROR_MEMORY;
    const enum error_code error = file_select_apply(&files, list, wanted, &item);
    free(wanted);
    if (error == ERROR_NONE)
        return ERROR_NONE;
    const struct untrusted raw = {item, strcspn(item, ",")};
    text_clean(raw, 60, shown, sizeof shown);
    if (error == ERROR_NOT_FOUND)
        snprintf(message, SESSION_MESSAGE_SIZE, _("--select: “%s” names no file of it"),
                 shown);
    else
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("--select: “%s” is neither a number, a range nor a pattern"), shown);
    return ERROR_INVALID;
}

static void log_warnings(const struct torrent *torrent)
{
    for (unsigned bit = 0; bit < METAINFO_WARNING_BITS; bit++)
        if ((torrent->meta->warnings >> bit & 1) != 0)
            log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: %s",
                      torrent->display_name, metainfo_warning_text(1u << bit));
}

enum error_code session_add_bytes(struct session *session, const uint8_t *bytes,
                                  size_t length, const struct add_options *options,
                                  struct torrent_id *ret_id,
                                  char message[SESSION_MESSAGE_SIZE])
{
    struct metainfo *meta;
    struct metainfo_error why;
    struct torrent *twin, *torrent;
    enum error_code error = metainfo_parse(bytes, length, &meta, &why);
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", why.message);
        return error;
    }
    HASH_FIND(hh, session->by_hash, &meta->hash, sizeof meta->hash, twin);
    if (twin != NULL) {
        *ret_id = twin->id;
        metainfo_free(meta);
        snprintf(message, SESSION_MESSAGE_SIZE, _("is in the list already"));
        return ERROR_EXISTS;
    }
    error = check_place(session, meta,
                        options->download_dir != NULL ? options->download_dir
                                                      : session->download_dir,
                        message);
    if (error == ERROR_NONE)
        error = check_select(meta, options->select, message);
    if (error != ERROR_NONE) {
        metainfo_free(meta);
        return error;
    }
    error = add_metainfo(session, meta, options, ret_id);
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
        return error;
    }
    torrent = session_torrent(session, *ret_id);
    if (!session->restoring) {
        keep_metainfo(torrent, bytes, length);
        log_warnings(torrent);
    }
    session_save_list(session);
    return ERROR_NONE;
}

enum error_code session_add_file(struct session *session, const char *path,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE])
{
    uint8_t *bytes;
    size_t length;
    struct metainfo_error why;
    char text[SESSION_MESSAGE_SIZE - 260], name[256];
    enum error_code error = metainfo_read_file(path, &bytes, &length, &why);
    if (error == ERROR_NONE) {
        char detail[SESSION_MESSAGE_SIZE];
        error = session_add_bytes(session, bytes, length, options, ret_id, detail);
        free(bytes);
        snprintf(text, sizeof text, "%.240s", detail);
    } else {
        snprintf(text, sizeof text, "%.240s", why.message);
    }
    if (error != ERROR_NONE) {
        text_clean(text_untrusted(path), 120, name, sizeof name);
        snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", name, text);
    }
    return error;
}

/* ---- the saved list: info-hashes in order ---- */

void session_save_list(struct session *session)
{
    if (session->restoring)
        return; /* half a list must not replace the whole one */
    struct disk_job *job =
        session->state.fd >= 0 && !session->state.read_only ? disk_job_new() : NULL;
    if (job == NULL)
        return;
    job->dir_fd = session->state.fd;
    job->name = strdup("session");
    job->length = (size_t)session->count * SHA1_BYTES;
    job->bytes = malloc(job->length + 1);
    if (job->name == NULL || job->bytes == NULL) {
        disk_job_free(job);
        return;
    }
    for (uint32_t i = 0; i < session->count; i++)
        memcpy(job->bytes + (size_t)i * SHA1_BYTES,
               session_torrent(session, session->order[i])->hash.bytes, SHA1_BYTES);
    const struct torrent_id nobody = {0, 0};
    if (session_post_job(session, DISK_SAVE_RESUME, nobody, job) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "the session was not kept");
}

static void restore_one(struct session *session, const uint8_t *hash_bytes)
{
    struct info_hash hash;
    char hex[INFO_HASH_HEX_SIZE], path[4096], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {0};
    memcpy(hash.bytes, hash_bytes, SHA1_BYTES);
    info_hash_hex(&hash, hex);
    snprintf(path, sizeof path, "%s/torrents/%s.torrent", session->state.path, hex);
    if (session_add_file(session, path, &options, &id, message) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "not restored: %s", message);
}

enum error_code session_restore(struct session *session,
                                char message[SESSION_MESSAGE_SIZE])
{
    uint8_t *bytes;
    size_t length;
    message[0] = '\0';
    if (session->state.fd < 0)
        return ERROR_NONE;
    const enum error_code error =
        state_file_load(session->state.fd, "session", (size_t)1 << 20, &bytes, &length);
    if (error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("the saved session in %s cannot be read: %s"), session->state.path,
                 error_text(error));
        return error;
    }
    session->restoring = true;
    for (size_t at = 0; at + SHA1_BYTES <= length; at += SHA1_BYTES)
        restore_one(session, bytes + at);
    session->restoring = false;
    free(bytes);
    return ERROR_NONE;
}

static void forget_state(struct session *session, const char *format, const char *hex)
{
    const struct torrent_id nobody = {0, 0};
    struct disk_job *job =
        session->state.fd >= 0 && !session->state.read_only ? disk_job_new() : NULL;
    if (job == NULL)
        return;
    job->dir_fd = session->state.fd;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (asprintf(&job->name, format, hex) < 0) {
#pragma GCC diagnostic pop
        job->name = NULL;
        disk_job_free(job);
    } else if (session_post_job(session, DISK_FORGET_STATE, nobody, job) != ERROR_NONE) {
        log_write(session->log, LOG_LEVEL_WARNING, "state of a removed torrent stays");
    }
}

static void delete_data(struct torrent *torrent)
{
    struct disk_job *job = disk_job_new();
    if (job != NULL)
        job->name = strdup(torrent->display_name);
    if (job == NULL || job->name == NULL ||
        session_post_job(torrent->session, DISK_DELETE, torrent->id, job) != ERROR_NONE)
        session_warn(torrent->session, torrent->id, _("%s: its files were not deleted"),
                     torrent->display_name);
}

static void take_off_list(struct session *session, struct torrent *torrent)
{
    for (uint32_t i = 0; i < session->count; i++) {
        if (session->order[i].index != torrent->id.index)
            continue;
        memmove(&session->order[i], &session->order[i + 1],
                (session->count - i - 1) * sizeof *session->order);
        session->count--;
        break;
    }
    unqueue(torrent);
    HASH_DEL(session->by_hash, torrent);
    session->slots[torrent->id.index] = NULL;
}

void session_remove(struct session *session, struct torrent_id id, bool with_data)
{
    char hex[INFO_HASH_HEX_SIZE];
    struct peer_counts counts;
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    torrent_halt(torrent);
    if (with_data)
        delete_data(torrent);
    peer_manager_get_counts(torrent->peers, &counts);
    session->gone_down += counts.downloaded;
    session->gone_up += counts.uploaded;
    info_hash_hex(&torrent->hash, hex);
    take_off_list(session, torrent);
    session_save_list(session); /* before its files: a crash between leaves no half */
    forget_state(session, "resume/%s", hex);
    forget_state(session, "torrents/%s.torrent", hex);
    const struct message event = {.type = EVENT_TORRENT_REMOVED, .torrent = id};
    event_bus_post(session->events, &event);
    torrent_free(torrent);
}

void session_set_limits(struct session *session, uint64_t max_down, uint64_t max_up)
{
    session->max_down = max_down;
    session->max_up = max_up;
    peer_shared_set_limits(session->peers, max_down, max_up);
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_LIMITS};
    event_bus_post(session->events, &event);
}
