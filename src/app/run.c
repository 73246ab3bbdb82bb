#include "app/run.h"

#include "app/headless.h"
#include "app/interface.h"
#include "app/torrent_argument.h"
#include "base/i18n.h"
#include "base/text.h"
#include "net/net.h"
#include "net/resolver.h"
#include "torrent/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINES 2000u

struct run {
    const struct options *options;
    struct loop *loop;
    struct net *net;
    struct log *log;
    struct session *session;
    struct headless *headless;
    struct interface *interface;
    struct torrent_id *added;
    uint32_t added_count;
    struct resolver_query *queries[OPTIONS_MAX_PEERS];
    struct netaddr peers[OPTIONS_MAX_PEERS];
    uint32_t peer_count;
    enum exit_status status;
    bool ending;
};

/* ---- the end ---- */

static void on_stopped(void *context)
{
    struct run *run = context;
    loop_stop(run->loop);
}

static void run_end(struct run *run, enum exit_status status)
{
    if (run->ending)
        return;
    run->ending = true;
    run->status = status;
    session_stop(run->session, on_stopped, run);
}

static void on_signal(void *context, int number)
{
    struct run *run = context;
    (void)number;
    if (run->ending)
        loop_stop(run->loop); /* the second one: at once */
    else
        run_end(run, EXIT_STATUS_OK);
}

static void on_headless_done(void *context, int status)
{
    run_end(context, status == 0 ? EXIT_STATUS_OK : EXIT_STATUS_FAILED);
}

static void on_quit(void *context)
{
    run_end(context, EXIT_STATUS_OK);
}

/* ---- start ---- */

static void print_log_line(void *context, const struct log_line *line)
{
    (void)context;
    fprintf(stderr, "bttui: %s: %s\n", log_level_name(line->level), line->text);
}

static char *default_state_dir(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    if (base != NULL && base[0] == '/') {
        if (asprintf(&path, "%s/bttui", base) < 0)
            return NULL;
    } else if (home != NULL && home[0] == '/') {
        if (asprintf(&path, "%s/.local/state/bttui", home) < 0)
            return NULL;
    }
    return path;
}

static enum exit_status open_session(struct run *run)
{
    const struct options *options = run->options;
    char message[SESSION_MESSAGE_SIZE];
    char *state =
        options->state_dir != NULL ? strdup(options->state_dir) : default_state_dir();
    char *download =
        options->download_dir != NULL ? strdup(options->download_dir) : getcwd(NULL, 0);
    if (state == NULL || download == NULL) {
        fputs(
            _("bttui: HOME is not set: say where to keep the session with --state-dir\n"),
            stderr);
        free(state);
        free(download);
        return EXIT_STATUS_USAGE;
    }
    const struct session_config config = {
        .loop = run->loop,
        .net = run->net,
        .random = &random_system,
        .log = run->log,
        .download_dir = download,
        .state_dir = state,
        .port = options->port,
        .bind = options->bind,
        .max_down = options->max_down,
        .max_up = options->max_up,
        .max_peers = options->max_peers,
        .incoming = !options->no_incoming,
    };
    const enum error_code error = session_new(&config, &run->session, message);
    free(state);
    free(download);
    if (error == ERROR_NONE)
        return EXIT_STATUS_OK;
    fprintf(stderr, "bttui: %s\n", message);
    return EXIT_STATUS_USAGE;
}

static enum exit_status status_of(enum error_code error)
{
    switch (error) {
    case ERROR_NONE:
    case ERROR_EXISTS:
        return EXIT_STATUS_OK;
    case ERROR_REFUSED:
        return EXIT_STATUS_POLICY;
    case ERROR_MEMORY:
        return EXIT_STATUS_FAILED;
    default:
        return EXIT_STATUS_INVALID;
    }
}

static enum exit_status add_torrents(struct run *run)
{
    const struct options *options = run->options;
    const struct add_options add = {
        .download_dir = options->download_dir,
        .sequential = options->sequential,
        .select = options->select,
        .peers = run->peers,
        .peer_count = run->peer_count,
    };
    run->added = calloc((size_t)options->torrent_count + 1, sizeof *run->added);
    if (run->added == NULL)
        return EXIT_STATUS_FAILED;
    for (int i = 0; i < options->torrent_count; i++) {
        char message[SESSION_MESSAGE_SIZE];
        const char *name = options->torrents[i];
        if (torrent_argument_check(name) != EXIT_STATUS_OK)
            return EXIT_STATUS_INVALID;
        const enum error_code error = session_add_file(
            run->session, name, &add, &run->added[run->added_count], message);
        if (status_of(error) != EXIT_STATUS_OK) {
            fprintf(stderr, "bttui: %s\n", message);
            return status_of(error);
        }
        run->added_count++;
    }
    return EXIT_STATUS_OK;
}

struct named_peer {
    struct run *run;
    uint16_t port;
    uint32_t number;
};

static void on_peer_resolved(void *context, const struct netaddr *addresses,
                             uint32_t count, const char *message)
{
    struct named_peer *named = context;
    struct run *run = named->run;
    run->queries[named->number] = NULL;
    if (count == 0)
        log_write(run->log, LOG_LEVEL_WARNING, "--peer %s: %s",
                  run->options->peers[named->number], message);
    for (uint32_t i = 0; i < count && i < 1; i++) {
        struct netaddr address = addresses[i];
        address.port = named->port;
        for (uint32_t t = 0; t < run->added_count; t++)
            torrent_add_peer(run->session, run->added[t], &address);
    }
    free(named);
}

static void look_up_peer(struct run *run, uint32_t number)
{
    char host[256];
    const char *text = run->options->peers[number];
    const char *colon = strrchr(text, ':');
    const size_t length = (size_t)(colon - text);
    struct named_peer *named = calloc(1, sizeof *named);
    uint64_t port;
    if (named == NULL || length >= sizeof host ||
        !text_parse_u64(colon + 1, 1, 65535, &port)) {
        free(named);
        return;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    *named = (struct named_peer){run, (uint16_t)port, number};
    run->queries[number] = resolver_lookup(run->loop, host, on_peer_resolved, named);
    if (run->queries[number] == NULL)
        free(named);
}

static void sort_out_peers(struct run *run)
{
    for (uint32_t i = 0; i < run->options->peer_count; i++) {
        struct netaddr *address = &run->peers[run->peer_count];
        if (netaddr_parse(run->options->peers[i], 0, address) == ERROR_NONE)
            run->peer_count++;
    }
}

static void look_up_peers(struct run *run)
{
    struct netaddr address;
    for (uint32_t i = 0; i < run->options->peer_count; i++)
        if (netaddr_parse(run->options->peers[i], 0, &address) != ERROR_NONE)
            look_up_peer(run, i);
}

static enum exit_status open_front(struct run *run)
{
    const struct options *options = run->options;
    if (!options->headless) {
        const struct interface_config config = {.loop = run->loop,
                                                .session = run->session,
                                                .ascii = options->ascii,
                                                .color = options->color,
                                                .on_quit = on_quit,
                                                .context = run};
        run->interface = interface_new(&config);
        return run->interface != NULL ? EXIT_STATUS_OK : EXIT_STATUS_USAGE;
    }
    const struct headless_config config = {.loop = run->loop,
                                           .session = run->session,
                                           .out_fd = STDOUT_FILENO,
                                           .json = options->json,
                                           .exit_when_done = options->exit_when_done,
                                           .torrents = run->added,
                                           .torrent_count = run->added_count,
                                           .on_done = on_headless_done,
                                           .context = run};
    run->headless = headless_new(&config);
    return run->headless != NULL ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static enum exit_status watch_signals(struct run *run)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit comes back as an error */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (loop_signal_watch(run->loop, signals[i], on_signal, run) != ERROR_NONE)
            return EXIT_STATUS_USAGE;
    return EXIT_STATUS_OK;
}

static void run_close(struct run *run)
{
    for (uint32_t i = 0; i < OPTIONS_MAX_PEERS; i++)
        resolver_cancel(run->queries[i]);
    interface_free(run->interface);
    headless_free(run->headless);
    session_free(run->session);
    net_system_free(run->net);
    log_free(run->log);
    loop_free(run->loop);
    free(run->added);
}

enum exit_status run_main(const struct options *options)
{
    char message[SESSION_MESSAGE_SIZE];
    struct run run = {.options = options};
    if (!options->headless && !isatty(STDOUT_FILENO)) {
        fputs(_("bttui: standard output is not a terminal; use --headless to run without "
                "one\n"),
              stderr);
        return EXIT_STATUS_USAGE;
    }
    run.loop = loop_new(&loop_platform_system);
    run.log = log_new(&clock_system, LOG_LINES);
    run.net = net_system_new(options->bind);
    enum exit_status status = run.loop != NULL && run.log != NULL && run.net != NULL
                                  ? EXIT_STATUS_OK
                                  : EXIT_STATUS_FAILED;
    if (status == EXIT_STATUS_OK && options->headless)
        log_set_sink(run.log, LOG_LEVEL_WARNING, print_log_line, NULL);
    if (status == EXIT_STATUS_OK)
        status = watch_signals(&run);
    if (status == EXIT_STATUS_OK)
        status = open_session(&run);
    sort_out_peers(&run);
    if (status == EXIT_STATUS_OK)
        status = add_torrents(&run);
    if (status == EXIT_STATUS_OK && session_restore(run.session, message) != ERROR_NONE)
        log_write(run.log, LOG_LEVEL_WARNING, "%s", message);
    if (status == EXIT_STATUS_OK)
        status = open_front(&run);
    if (status == EXIT_STATUS_OK) {
        look_up_peers(&run);
        loop_run(run.loop);
        status = run.status;
    }
    run_close(&run);
    return status;
}
