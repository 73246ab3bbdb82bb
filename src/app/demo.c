#include "app/demo.h"

#include "app/demo_data.h"
#include "app/demo_dir.h"
#include "app/demo_tracker.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo.h"
#include "net/net.h"
#include "torrent/looks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTOR_POOL_BYTES ((size_t)4 << 20)
#define SLACK_BYTES      (UINT64_C(8) << 20)
#define USER_SEED        UINT32_MAX /* picks the pieces the user begins with */

enum actor_phase { ACTOR_TO_COME, ACTOR_HERE, ACTOR_LEAVING, ACTOR_GONE };

struct actor {
    struct demo *demo;
    const struct demo_actor_plan *plan;
    enum actor_phase phase;
    struct loop_timer timer; /* the next phase */
    struct net *net;
    struct session *session;
    char dir[PATH_MAX];
};

struct demo {
    struct demo_config config;
    struct demo_dir dir;
    char seed_dir[PATH_MAX], user_dir[PATH_MAX];
    struct net *net; /* the tracker's */
    struct demo_tracker *tracker;
    bool begun;    /* workers are not held any more */
    bool one_host; /* 127.0.0.1 is all the loopback there is */
    struct buffer torrents[DEMO_TORRENTS_MAX];
    struct actor actors[DEMO_ACTORS_MAX];
};

/* ---- data ---- */

static bool has_seed(const struct demo_plan *plan, uint32_t torrent)
{
    for (uint32_t i = 0; i < plan->actor_count; i++)
        if (plan->actors[i].has[torrent] == DEMO_WHOLE)
            return true;
    return false;
}

static uint64_t needed_bytes(const struct demo_plan *plan)
{
    uint64_t bytes = SLACK_BYTES;
    for (uint32_t t = 0; t < plan->torrent_count; t++) {
        uint32_t copies = has_seed(plan, t) ? 2 : 1; /* seeds share one; the user's */
        for (uint32_t i = 0; i < plan->actor_count; i++)
            copies += plan->actors[i].has[t] != DEMO_NOT_IN &&
                      plan->actors[i].has[t] != DEMO_WHOLE;
        bytes += copies * demo_data_bytes(&plan->torrents[t]);
    }
    return bytes;
}

static enum error_code make_torrent(struct demo *demo, uint32_t number)
{
    struct metainfo *meta;
    struct metainfo_error why;
    struct buffer *torrent = &demo->torrents[number];
    buffer_init(torrent, METAINFO_MAX_BYTES);
    enum error_code error = demo_data_metainfo(&demo->config.plan->torrents[number],
                                               demo_tracker_port(demo->tracker), torrent);
    if (error == ERROR_NONE)
        error = metainfo_parse(torrent->bytes, torrent->length, &meta, &why);
    if (error != ERROR_NONE)
        return error;
    error = demo_tracker_serve(demo->tracker, &meta->hash);
    metainfo_free(meta);
    return error;
}

static enum error_code write_share(const struct demo *demo, uint32_t torrent,
                                   const char *dir, int percent, uint32_t seed)
{
    if (percent <= 0)
        return ERROR_NONE;
    return demo_data_write(&demo->config.plan->torrents[torrent], dir, percent, seed);
}

static enum error_code write_data(struct demo *demo, uint32_t torrent)
{
    const struct demo_plan *plan = demo->config.plan;
    enum error_code error =
        write_share(demo, torrent, demo->user_dir, plan->user_has[torrent], USER_SEED);
    if (error == ERROR_NONE && has_seed(plan, torrent))
        error = write_share(demo, torrent, demo->seed_dir, DEMO_WHOLE, 0);
    for (uint32_t i = 0; i < plan->actor_count && error == ERROR_NONE; i++)
        if (plan->actors[i].has[torrent] != DEMO_WHOLE)
            error = write_share(demo, torrent, demo->actors[i].dir,
                                plan->actors[i].has[torrent], i);
    return error;
}

/* ---- actors ---- */

static const char *actor_host(const struct actor *actor)
{
    return actor->demo->one_host ? DEMO_USER_HOST : actor->plan->host;
}

static void actor_end(struct actor *actor)
{
    loop_timer_cancel(actor->demo->config.loop, &actor->timer);
    session_free(actor->session);
    net_system_free(actor->net);
    actor->session = NULL;
    actor->net = NULL;
    actor->phase = ACTOR_GONE;
}

static void actor_on_event(void *context, const struct message *event)
{
    struct actor *actor = context;
    struct torrent_info info;
    if (event->type == EVENT_COMPLETED &&
        torrent_get_info(actor->session, event->torrent, &info))
        log_write(actor->demo->config.log, LOG_LEVEL_INFO, _("demo: %s has all of %s"),
                  actor_host(actor), info.name);
}

static enum error_code actor_add_torrents(struct actor *actor, char *message)
{
    const struct demo *demo = actor->demo;
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < demo->config.plan->torrent_count && error == ERROR_NONE;
         i++) {
        struct torrent_id id;
        const int has = actor->plan->has[i];
        const struct add_options options = {
            .download_dir = has == DEMO_WHOLE ? demo->seed_dir : actor->dir};
        if (has != DEMO_NOT_IN)
            error = session_add_bytes(actor->session, demo->torrents[i].bytes,
                                      demo->torrents[i].length, &options, &id, message);
    }
    return error;
}

static enum error_code actor_open(struct actor *actor, char *message)
{
    const struct demo_config *demo = &actor->demo->config;
    const char *host = actor_host(actor);
    actor->net = net_system_new(host);
    if (actor->net == NULL)
        return ERROR_MEMORY;
    const struct session_config config = {
        .loop = demo->loop,
        .net = actor->net,
        .random = demo->random,
        .download_dir = actor->dir,
        .bind = host,
        .max_down = actor->plan->max_down,
        .max_up = actor->plan->max_up,
        .workers = 1,
        .hold_workers = !actor->demo->begun,
        .pool_bytes = ACTOR_POOL_BYTES,
        .incoming = true,
    };
    enum error_code error = session_new(&config, &actor->session, message);
    if (error == ERROR_NONE)
        error = event_bus_listen(session_events(actor->session), actor_on_event, actor);
    if (error == ERROR_NONE)
        error = actor_add_torrents(actor, message);
    return error;
}

static void actor_tell_joined(const struct actor *actor)
{
    char up[TEXT_NUMBER_SIZE];
    struct log *log = actor->demo->config.log;
    if (actor->plan->max_up > 0)
        log_write(log, LOG_LEVEL_INFO, _("demo: %s joins, gives at most %s"),
                  actor_host(actor), text_rate(actor->plan->max_up, up));
    else
        log_write(log, LOG_LEVEL_INFO, _("demo: %s joins, without a limit"),
                  actor_host(actor));
}

static enum error_code actor_join(struct actor *actor, char *message)
{
    const enum error_code error = actor_open(actor, message);
    if (error != ERROR_NONE) {
        actor_end(actor);
        return error;
    }
    actor->phase = ACTOR_HERE;
    actor_tell_joined(actor);
    if (actor->plan->leaves_ms > actor->plan->joins_ms)
        loop_timer_set_in(actor->demo->config.loop, &actor->timer,
                          (actor->plan->leaves_ms - actor->plan->joins_ms) * NS_PER_MS);
    return ERROR_NONE;
}

/* Its session may not be freed inside of its own call. */
static void actor_on_stopped(void *context)
{
    struct actor *actor = context;
    loop_timer_set_in(actor->demo->config.loop, &actor->timer, 0);
}

static void actor_on_timer(void *context)
{
    struct actor *actor = context;
    struct log *log = actor->demo->config.log;
    char message[SESSION_MESSAGE_SIZE] = "";
    if (actor->phase == ACTOR_TO_COME) {
        const enum error_code error = actor_join(actor, message);
        if (error != ERROR_NONE)
            log_write(log, LOG_LEVEL_WARNING, _("demo: %s cannot join: %s"),
                      actor_host(actor),
                      message[0] != '\0' ? message : error_text(error));
    } else if (actor->phase == ACTOR_HERE) {
        actor->phase = ACTOR_LEAVING;
        log_write(log, LOG_LEVEL_INFO, _("demo: %s leaves"), actor_host(actor));
        session_stop(actor->session, actor_on_stopped, actor);
    } else if (actor->phase == ACTOR_LEAVING) {
        actor_end(actor);
    }
}

static enum error_code actor_start(struct actor *actor, char *message)
{
    if (actor->plan->joins_ms == 0)
        return actor_join(actor, message);
    return loop_timer_set_in(actor->demo->config.loop, &actor->timer,
                             actor->plan->joins_ms * NS_PER_MS);
}

/* ---- life ---- */

/* Linux has all of 127.0.0.0/8, others just 127.0.0.1. */
static bool can_use_host(struct demo *demo, const char *host)
{
    struct netaddr address;
    struct listener *listener;
    uint16_t port;
    struct net *net = demo->net;
    if (netaddr_parse(host, 0, &address) != ERROR_NONE ||
        net->listen(net->context, demo->config.loop, &address, NULL, NULL, &listener,
                    &port) != ERROR_NONE)
        return false;
    net->unlisten(net->context, listener);
    return true;
}

static void set_actors(struct demo *demo)
{
    const struct demo_plan *plan = demo->config.plan;
    for (uint32_t i = 0; i < plan->actor_count; i++) {
        struct actor *actor = &demo->actors[i];
        actor->demo = demo;
        actor->plan = &plan->actors[i];
        loop_timer_init(&actor->timer, actor_on_timer, actor);
        demo->one_host = demo->one_host || !can_use_host(demo, actor->plan->host);
    }
}

static enum error_code make_dirs(struct demo *demo, char *message)
{
    enum error_code error = demo_dir_make(&demo->dir, needed_bytes(demo->config.plan),
                                          message, SESSION_MESSAGE_SIZE);
    if (error == ERROR_NONE)
        error = demo_dir_sub(&demo->dir, "seeds", demo->seed_dir);
    if (error == ERROR_NONE)
        error = demo_dir_sub(&demo->dir, "downloads", demo->user_dir);
    for (uint32_t i = 0; i < demo->config.plan->actor_count && error == ERROR_NONE; i++) {
        char name[32];
        snprintf(name, sizeof name, "peer-%u", i + 1);
        error = demo_dir_sub(&demo->dir, name, demo->actors[i].dir);
    }
    return error;
}

static enum error_code demo_start(struct demo *demo, char *message)
{
    const struct demo_config *config = &demo->config;
    demo->net = net_system_new(DEMO_USER_HOST);
    if (demo->net == NULL)
        return ERROR_MEMORY;
    set_actors(demo);
    enum error_code error = make_dirs(demo, message);
    if (error == ERROR_NONE)
        error = demo_tracker_new(config->loop, demo->net, &demo->tracker);
    for (uint32_t i = 0; i < config->plan->torrent_count && error == ERROR_NONE; i++) {
        error = make_torrent(demo, i);
        if (error == ERROR_NONE)
            error = write_data(demo, i);
    }
    for (uint32_t i = 0; i < config->plan->actor_count && error == ERROR_NONE; i++)
        error = actor_start(&demo->actors[i], message);
    return error;
}

enum error_code demo_new(const struct demo_config *config, struct demo **ret_demo,
                         char message[SESSION_MESSAGE_SIZE])
{
    struct demo *demo = calloc(1, sizeof *demo);
    message[0] = '\0';
    if (demo == NULL)
        return ERROR_MEMORY;
    demo->config = *config;
    demo->dir.lock_fd = -1;
    const enum error_code error = demo_start(demo, message);
    if (error != ERROR_NONE) {
        if (message[0] == '\0')
            snprintf(message, SESSION_MESSAGE_SIZE, _("the demo cannot start: %s"),
                     error_text(error));
        demo_free(demo);
        return error;
    }
    log_write(config->log, LOG_LEVEL_INFO,
              _("demo: a private swarm on 127.0.0.1 is ready"));
    *ret_demo = demo;
    return ERROR_NONE;
}

enum error_code demo_begin(struct demo *demo)
{
    enum error_code error = ERROR_NONE;
    demo->begun = true;
    for (uint32_t i = 0; i < demo->config.plan->actor_count && error == ERROR_NONE; i++)
        if (demo->actors[i].session != NULL)
            error = session_begin(demo->actors[i].session);
    return error;
}

void demo_free(struct demo *demo)
{
    if (demo == NULL)
        return;
    for (uint32_t i = 0; i < demo->config.plan->actor_count; i++)
        if (demo->actors[i].demo != NULL)
            actor_end(&demo->actors[i]);
    demo_tracker_free(demo->tracker);
    net_system_free(demo->net);
    for (uint32_t i = 0; i < DEMO_TORRENTS_MAX; i++)
        buffer_done(&demo->torrents[i]);
    demo_dir_done(&demo->dir);
    free(demo);
}

void demo_abandon(struct demo *demo)
{
    if (demo != NULL)
        demo_dir_done(&demo->dir);
}

const char *demo_root_dir(const struct demo *demo)
{
    return demo->dir.path;
}

const char *demo_download_dir(const struct demo *demo)
{
    return demo->user_dir;
}

enum error_code demo_add_torrents(struct demo *demo, struct session *session,
                                  const struct add_options *options,
                                  struct torrent_id *ret_ids, uint32_t *ret_count,
                                  char message[SESSION_MESSAGE_SIZE])
{
    enum error_code error = ERROR_NONE;
    uint32_t count = 0;
    while (count < demo->config.plan->torrent_count && error == ERROR_NONE) {
        const struct buffer *torrent = &demo->torrents[count];
        error = session_add_bytes(session, torrent->bytes, torrent->length, options,
                                  &ret_ids[count], message);
        count += error == ERROR_NONE;
    }
    *ret_count = count;
    return error;
}
