/* What the session's DHT nodes start from: those that are given or well known, and those
 * that are kept from the last time. */
#include "disk/disk_manager.h"
#include "disk/state_file.h"
#include "net/net.h"
#include "torrent/network_private.h"
#include "torrent/session_dht_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define SAVE_NS       (900 * NS_PER_S)
#define SAVE_FIRST_NS (60 * NS_PER_S)

static const char *const routers[] = {"router.bittorrent.com:6881",
                                      "dht.transmissionbt.com:6881",
                                      "dht.libtorrent.org:25401"};

/* A name that is being looked up. */
struct dht_name {
    struct session_dht *owner;
    struct dht_name *next;
    struct resolver_query *query;
    uint16_t port;
    bool router;
};

/* ---- where to start from ---- */

static void drop_name(struct dht_name *name)
{
    struct dht_name **at = &name->owner->names;
    while (*at != name)
        at = &(*at)->next;
    *at = name->next;
    free(name);
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct dht_name *name = context;
    struct session_dht *dht = name->owner;
    (void)message;
    dht->names_failed |= count == 0;
    for (uint32_t i = 0; i < count; i++) {
        struct netaddr address = addresses[i];
        address.port = name->port;
        dht_add_start(session_dht_side_of(dht, &address)->node, &address, !name->router,
                      name->router);
    }
    drop_name(name);
}

/* TEXT: HOST:PORT. */
static void add_start(struct session_dht *dht, const char *text, bool router)
{
    const struct net *net = dht->session->config.net;
    struct netaddr address;
    const char *colon = strrchr(text, ':');
    if (netaddr_parse(text, 0, &address) == ERROR_NONE) {
        dht_add_start(session_dht_side_of(dht, &address)->node, &address, true, router);
        return;
    }
    struct dht_name *name = colon != NULL ? calloc(1, sizeof *name) : NULL;
    char *host = name != NULL ? strndup(text, (size_t)(colon - text)) : NULL;
    if (host == NULL) {
        free(name);
        return;
    }
    *name = (struct dht_name){.owner = dht,
                              .next = dht->names,
                              .port = (uint16_t)strtoul(colon + 1, NULL, 10),
                              .router = router};
    dht->names = name;
    name->query = net->resolve(net->context, dht->session->loop, host, on_resolved, name);
    if (name->query == NULL)
        drop_name(name);
    free(host);
}

void session_dht_start(struct session_dht *dht)
{
    const struct session_config *config = &dht->session->config;
    dht->names_failed = false;
    for (uint32_t i = 0; i < config->dht_node_count; i++)
        add_start(dht, config->dht_nodes[i], false);
    for (uint32_t i = 0; config->dht_node_count == 0 && i < 3; i++)
        add_start(dht, routers[i], true);
}

void session_dht_drop_names(struct session_dht *dht)
{
    while (dht->names != NULL) {
        resolver_cancel(dht->names->query);
        drop_name(dht->names);
    }
}

/* ---- what is kept ---- */

static void restore(struct session_dht *dht)
{
    struct session *session = dht->session;
    struct dht_state *state = calloc(1, sizeof *state);
    uint8_t *bytes;
    size_t length;
    enum error_code error = ERROR_NOT_FOUND;
    if (state != NULL && session->state.fd >= 0)
        error = state_file_load(session->state.fd, "dht", DHT_STATE_MAX_BYTES, &bytes,
                                &length);
    if (error == ERROR_NONE) {
        error =
            dht_state_read(bytes, length, clock_wall_s(loop_clock(session->loop)), state);
        free(bytes);
    }
    if (error == ERROR_NONE) {
        dht_restore(dht->sides[0].node, &state->v4);
        dht_restore(dht->sides[1].node, &state->v6);
    } else if (error != ERROR_NOT_FOUND) {
        log_write(session->log, LOG_LEVEL_WARNING,
                  "the DHT's nodes of the last time were lost: %s", error_text(error));
    }
    free(state);
}

static struct disk_job *make_job(struct session_dht *dht)
{
    struct buffer buffer;
    struct dht_state *state = calloc(1, sizeof *state);
    struct disk_job *job = state != NULL ? disk_job_new() : NULL;
    if (job == NULL) {
        free(state);
        return NULL;
    }
    state->saved_wall_s = clock_wall_s(loop_clock(dht->session->loop));
    dht_save(dht->sides[0].node, &state->v4);
    dht_save(dht->sides[1].node, &state->v6);
    buffer_init(&buffer, DHT_STATE_MAX_BYTES);
    job->dir_fd = dht->session->state.fd;
    job->name = strdup("dht");
    const enum error_code error =
        job->name != NULL ? dht_state_write(state, &buffer) : ERROR_MEMORY;
    free(state);
    job->bytes = buffer.bytes;
    job->length = buffer.length;
    if (error == ERROR_NONE)
        return job;
    disk_job_free(job);
    return NULL;
}

void session_dht_save(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    if (session->dht == NULL || session->state.fd < 0 || session->state.read_only)
        return;
    struct disk_job *job = make_job(session->dht);
    if (job == NULL ||
        session_post_job(session, DISK_SAVE_RESUME, nobody, job) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "the DHT's nodes were not kept");
}

static void on_save_timer(void *context)
{
    struct session_dht *dht = context;
    session_dht_save(dht->session);
    loop_timer_set_in(dht->session->loop, &dht->save_timer, SAVE_NS);
}

void session_dht_restore(struct session_dht *dht)
{
    restore(dht);
    loop_timer_init(&dht->save_timer, on_save_timer, dht);
    loop_timer_set_in(dht->session->loop, &dht->save_timer, SAVE_FIRST_NS);
}
