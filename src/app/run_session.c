/* The session that a command runs, the user's or the demo's, and the torrents it is given
 * at the start. */
#include "app/demo.h"
#include "app/run_private.h"
#include "app/settings.h"
#include "app/state_place.h"
#include "app/torrent_argument.h"
#include "base/i18n.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Absolute, because it is kept with the session, which may come back elsewhere. */
static char *download_dir(const struct options *options)
{
    char *path = NULL, *here = getcwd(NULL, 0);
    const char *dir = options->download_dir;
    if (dir == NULL)
        return here;
    if (dir[0] == '/' ? (path = strdup(dir)) == NULL
                      : here == NULL || asprintf(&path, "%s/%s", here, dir) < 0)
        path = NULL;
    free(here);
    return path;
}

/* STATE: NULL keeps nothing. */
static enum exit_status open_session_in(struct run *run, const char *download,
                                        const char *state, const char *bind)
{
    const struct options *options = run->options;
    char message[SESSION_MESSAGE_SIZE];
    const struct session_config config = {
        .loop = run->loop,
        .net = run->net,
        .random = &random_system,
        .log = run->log,
        .download_dir = download,
        .incomplete_dir = run->plan == NULL ? options->incomplete_dir : NULL,
        .state_dir = state,
        .port = options->port,
        .bind = bind,
        .max_down = options->max_down,
        .max_up = options->max_up,
        .turtle_down = options->turtle_down,
        .turtle_up = options->turtle_up,
        .turtle_schedule = options->turtle_schedule,
        .goal = options_goal(options),
        .max_peers = options->max_peers,
        .encryption = options->encryption,
        .active_downloads = options->active_downloads,
        .active_seeds = options->active_seeds,
        .active_checks = options->active_checks,
        .hold_workers = true,
        /* The demo stays in the program; through a proxy nobody comes to us, and there
           are no groups. */
        .incoming = !options->no_incoming && run->through == NULL,
        .lsd = run->plan == NULL && run->through == NULL && !options->no_lsd,
        .pex = !options->no_pex,
        .holepunch_relay = options->holepunch_relay,
        .upnp = options->upnp,
        .portmap = run->plan == NULL && run->through == NULL && !options->no_portmap,
        .dht = run->plan == NULL && !options->no_dht,
        .dht_nodes = options->dht_nodes,
        .dht_node_count = options->dht_node_count,
        .utp = !options->no_utp,
        .names = options->names,
        .verify_writes = options->verify_writes,
        .incomplete_suffix = run->plan == NULL ? options->incomplete_suffix : NULL,
        .preallocate = (enum preallocation)options->preallocate,
        .sequential = options->sequential,
        .first_last = options->first_last,
    };
    if (session_new(&config, &run->session, message) == ERROR_NONE)
        return EXIT_STATUS_OK;
    fprintf(stderr, "bttui: %s\n", message);
    return EXIT_STATUS_USAGE;
}

static enum exit_status open_users(struct run *run)
{
    const struct options *options = run->options;
    char *state = state_place(options);
    char *download = state != NULL ? download_dir(options) : NULL;
    if (download == NULL) {
        if (state != NULL)
            fprintf(stderr, "bttui: %s\n", error_text(ERROR_MEMORY));
        free(state);
        return EXIT_STATUS_USAGE;
    }
    const enum exit_status status = open_session_in(run, download, state, options->bind);
    free(state);
    free(download);
    return status;
}

static enum exit_status open_demo(struct run *run)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct demo_config config = {
        .loop = run->loop, .random = &random_system, .log = run->log, .plan = run->plan};
    if (demo_new(&config, &run->demo, message) != ERROR_NONE) {
        fprintf(stderr, "bttui: %s\n", message);
        return EXIT_STATUS_USAGE;
    }
    return open_session_in(run, demo_download_dir(run->demo), NULL, DEMO_USER_HOST);
}

enum exit_status run_status_of(enum error_code error)
{
    switch (error) {
    case ERROR_NONE:
    case ERROR_EXISTS:
        return EXIT_STATUS_OK;
    case ERROR_REFUSED:
        return EXIT_STATUS_POLICY;
    case ERROR_MEMORY:
        return EXIT_STATUS_FAILED;
    case ERROR_INVALID: /* --select, --priority */
        return EXIT_STATUS_USAGE;
    default:
        return EXIT_STATUS_INVALID;
    }
}

/* A torrent that is in the list already takes what this command line says of it. */
static enum error_code update_torrent(struct run *run, struct torrent_id id,
                                      char message[SESSION_MESSAGE_SIZE])
{
    if (message[0] != '\0') /* else it was said when it came */
        log_write(run->log, LOG_LEVEL_INFO, "%s", message);
    for (uint32_t i = 0; i < run->peers.address_count; i++)
        torrent_add_peer(run->session, id, &run->peers.addresses[i]);
    if (run->options->sequential)
        torrent_set_sequential(run->session, id, true);
    if (run->options->first_last)
        torrent_set_first_last(run->session, id, true);
    if (run->options->label[0] != '\0')
        torrent_set_label(run->session, id, run->options->label);
    if (run->options->super_seed)
        torrent_set_super_seed(run->session, id, true);
    return run->options->select != NULL
               ? torrent_select(run->session, id, run->options->select, message)
               : ERROR_NONE;
}

static enum error_code set_priorities(struct run *run, struct torrent_id id,
                                      char message[SESSION_MESSAGE_SIZE])
{
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < run->options->priority_count && error == ERROR_NONE; i++) {
        size_t length;
        const int level = option_priority(run->options->priorities[i], &length);
        char *list = strndup(run->options->priorities[i], length);
        error = list != NULL
                    ? torrent_set_priority(run->session, id, list, level, message)
                    : ERROR_MEMORY;
        free(list);
    }
    return error;
}

void run_add_options(struct run *run, struct add_options *ret_add)
{
    const struct options *options = run->options;
    struct session_info session;
    session_get_info(run->session, &session);
    *ret_add = (struct add_options){
        .download_dir = session.download_dir,
        .sequential = options->sequential,
        .super_seed = options->super_seed,
        .first_last = options->first_last,
        .select = options->select,
        .label = options->label[0] != '\0' ? options->label : NULL,
        .peers = run->peers.addresses,
        .peer_count = run->peers.address_count,
    };
}

enum error_code run_take(struct run *run, enum error_code error, struct torrent_id id,
                         char message[SESSION_MESSAGE_SIZE])
{
    if (error == ERROR_EXISTS)
        error = update_torrent(run, id, message);
    if (error == ERROR_NONE)
        error = set_priorities(run, id, message);
    if (error == ERROR_NONE)
        run->added[run->added_count++] = id;
    return error;
}

static enum exit_status add_users_torrents(struct run *run)
{
    const struct options *options = run->options;
    struct add_options add;
    run_add_options(run, &add);
    run->added = calloc((size_t)options->torrent_count + 1, sizeof *run->added);
    if (run->added == NULL)
        return EXIT_STATUS_FAILED;
    for (int i = 0; i < options->torrent_count; i++) {
        char message[SESSION_MESSAGE_SIZE];
        const char *name = options->torrents[i];
        struct torrent_id id = {0};
        if (torrent_argument_is_url(name))
            continue; /* run_begin_fetches */
        enum error_code error = session_add_text(run->session, name, &add, &id, message);
        error = run_take(run, error, id, message);
        if (error != ERROR_NONE) {
            fprintf(stderr, "bttui: %s\n", message);
            return run_status_of(error);
        }
    }
    return EXIT_STATUS_OK;
}

static enum exit_status add_demo_torrents(struct run *run)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options add = {.sequential = run->options->sequential,
                                    .first_last = run->options->first_last};
    run->added = calloc(DEMO_TORRENTS_MAX, sizeof *run->added);
    if (run->added == NULL)
        return EXIT_STATUS_FAILED;
    const enum error_code error = demo_add_torrents(
        run->demo, run->session, &add, run->added, &run->added_count, message);
    if (error != ERROR_NONE)
        fprintf(stderr, "bttui: %s\n", message);
    return run_status_of(error);
}

enum exit_status run_open_session(struct run *run)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct options *options = run->options;
    const enum exit_status status = run->plan != NULL ? open_demo(run) : open_users(run);
    if (status == EXIT_STATUS_OK)
        session_set_refusals(run->session, options->refused_clients,
                             options->refused_client_count, options->leech_bytes);
    if (status == EXIT_STATUS_OK)
        session_set_label_rules(run->session, options->label_rules,
                                options->label_rule_count);
    if (status == EXIT_STATUS_OK && options->blocklist_count > 0 &&
        session_read_blocklists(run->session, options->blocklists,
                                options->blocklist_count, message) != ERROR_NONE) {
        /* Without it, more would be let in than was meant to. */
        fprintf(stderr, "bttui: %s\n", message);
        return EXIT_STATUS_USAGE;
    }
    if (status == EXIT_STATUS_OK && session_restore(run->session, message) != ERROR_NONE)
        log_write(run->log, LOG_LEVEL_WARNING, "%s", message);
    return status;
}

enum exit_status run_add_torrents(struct run *run)
{
    return run->plan != NULL ? add_demo_torrents(run) : add_users_torrents(run);
}
