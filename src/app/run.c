#include "app/bind_check.h"
#include "app/confine.h"
#include "app/demo.h"
#include "app/headless.h"
#include "app/interface.h"
#include "app/on_complete.h"
#include "app/proxy_open.h"
#include "app/run_private.h"
#include "app/until_done.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/sandbox.h"
#include "net/net.h"
#include "torrent/label_rule.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINES 2000u

/* ---- what ends it ---- */

/* A command for what is complete is given its time first. */
static void on_idle(void *context)
{
    struct run *run = context;
    if (run->done)
        run_end_unhurried(run, run->done_status);
}

static void on_done(void *context, enum until_outcome outcome)
{
    static const enum exit_status statuses[] = {
        [UNTIL_OUTCOME_DONE] = EXIT_STATUS_OK,
        [UNTIL_OUTCOME_FAILED] = EXIT_STATUS_FAILED,
        [UNTIL_OUTCOME_INVALID] = EXIT_STATUS_INVALID};
    struct run *run = context;
    run->done = true;
    run->done_status = statuses[outcome];
    if (on_complete_is_idle(run->on_complete))
        on_idle(run);
}

/* What fails after the end began, such as the last sync, still counts. */
static void on_event(void *context, const struct message *event)
{
    struct run *run = context;
    if (event->type == EVENT_FETCHED)
        run_on_fetched(run, event);
    if (run->ending && run->options->exit_when_done && event->type == EVENT_ERROR &&
        run->status == EXIT_STATUS_OK)
        run->status = EXIT_STATUS_FAILED;
}

static void on_hang_up(void *context)
{
    struct run *run = context;
    run->hung_up = true;
    run_end(run, EXIT_STATUS_OK);
}

static void on_quit(void *context)
{
    run_end(context, EXIT_STATUS_OK);
}

/* The Log keeps what the footer may cut. */
static bool on_settings(void *context, char *message, size_t size)
{
    struct run *run = context;
    char text[SETTINGS_MESSAGE_SIZE];
    const bool fine = settings_read_again(run->settings, run->session, run->interface,
                                          text, sizeof text);
    log_write(run->log, fine ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", text);
    snprintf(message, size, "%s", text);
    return fine;
}

/* ---- start ---- */

static void print_log_line(void *context, const struct log_line *line)
{
    struct run *run = context;
    char text[1200];
    snprintf(text, sizeof text, "bttui: %s: %s", log_level_name(line->level), line->text);
    output_line(run->err, text, true);
    if (run->headless != NULL)
        headless_on_log(run->headless, line);
}

static enum exit_status open_interface(struct run *run)
{
    struct keymap keymap;
    options_keymap(run->options, &keymap);
    const struct interface_config config = {
        .loop = run->loop,
        .session = run->session,
        .ascii = run->options->ascii,
        .color = run->options->color,
        .keymap = &keymap,
        .on_settings = run->settings != NULL ? on_settings : NULL,
        .on_quit = on_quit,
        .on_hang_up = on_hang_up,
        .context = run};
    run->interface = interface_new(&config);
    return run->interface != NULL ? EXIT_STATUS_OK : EXIT_STATUS_USAGE;
}

static enum exit_status open_headless(struct run *run)
{
    const struct headless_config config = {.loop = run->loop,
                                           .session = run->session,
                                           .output = run->out,
                                           .json = run->options->json};
    run->headless = headless_new(&config);
    if (run->headless == NULL)
        return EXIT_STATUS_FAILED;
    /* What was logged before there was anybody to tell. */
    for (uint64_t i = 1; i <= log_newest(run->log); i++)
        if (log_get(run->log, i) != NULL)
            headless_on_log(run->headless, log_get(run->log, i));
    return EXIT_STATUS_OK;
}

enum exit_status run_watch_done(struct run *run)
{
    const struct until_done_config config = {.loop = run->loop,
                                             .session = run->session,
                                             .torrents = run->added,
                                             .torrent_count = run->added_count,
                                             .on_done = on_done,
                                             .context = run};
    if (!run->options->exit_when_done || run->until != NULL ||
        run->fetched_count < run->fetch_count)
        return EXIT_STATUS_OK;
    run->until = until_done_new(&config);
    return run->until != NULL ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static enum exit_status open_front(struct run *run)
{
    return run->options->headless ? open_headless(run) : open_interface(run);
}

static bool label_dir(const char *text, const char **ret_dir)
{
    struct label_rule rule;
    const char *fault;
    if (!label_rule_read(text, &rule, &fault) || rule.dir == NULL)
        return false;
    *ret_dir = rule.dir;
    return true;
}

/* From here on nothing more is opened than the daily work needs. */
static enum exit_status confine(struct run *run)
{
    const char *dirs[2 * OPTIONS_MAX_TEXTS + 1];
    uint32_t dir_count = run->demo == NULL ? run->options->move_dir_count : 0;
    memcpy(dirs, run->options->move_dirs, dir_count * sizeof *dirs);
    if (run->demo == NULL && run->options->incomplete_dir != NULL)
        dirs[dir_count++] = run->options->incomplete_dir;
    for (uint32_t i = 0; run->demo == NULL && i < run->options->label_rule_count; i++)
        dir_count += label_dir(run->options->label_rules[i], &dirs[dir_count]);
    const struct confine_config config = {
        .choice = run->options->sandbox,
        .dirs = dirs,
        .dir_count = dir_count,
        .loop = run->loop,
        .log = run->log,
        .session = run->session,
        .demo_dir = run->demo != NULL ? demo_root_dir(run->demo) : NULL,
        .watch = run->watch,
        .bound = run->options->bind != NULL,
        .interface = run->interface != NULL,
        .settings = run->settings != NULL ? run->settings->path : ""};
    if (geteuid() == 0 && run->demo == NULL)
        log_write(
            run->log, LOG_LEVEL_WARNING,
            _("running as root is not needed, and makes a mistake worse: an ordinary "
              "user is enough"));
    sandbox_hide_memory();
    return confine_enter(&config, &run->confine, run->parting, sizeof run->parting);
}

static enum exit_status begin(struct run *run)
{
    enum error_code error = session_begin(run->session);
    if (error == ERROR_NONE && run->demo != NULL)
        error = demo_begin(run->demo);
    if (error == ERROR_NONE)
        return EXIT_STATUS_OK;
    snprintf(run->parting, sizeof run->parting, "%s",
             _("the system has no thread left for the disk"));
    return EXIT_STATUS_USAGE;
}

static enum exit_status no_memory(void)
{
    fprintf(stderr, "bttui: %s\n", error_text(ERROR_MEMORY));
    return EXIT_STATUS_USAGE; /* it cannot start */
}

static enum exit_status open_base(struct run *run)
{
    const struct options *options = run->options;
    char message[SESSION_MESSAGE_SIZE];
    if (!options->headless && !isatty(STDOUT_FILENO)) {
        fputs(_("bttui: standard output is not a terminal; use --headless to run without "
                "one\n"),
              stderr);
        return EXIT_STATUS_USAGE;
    }
    if (options->bind != NULL && !bind_check(options->bind, message, sizeof message)) {
        fprintf(stderr, "bttui: %s\n", message);
        return EXIT_STATUS_USAGE;
    }
    run->loop = loop_new(&loop_platform_system);
    run->log = log_new(&clock_system, LOG_LINES);
    run->net = net_system_new(run->plan != NULL ? DEMO_USER_HOST : options->bind);
    if (run->loop == NULL || run->log == NULL || run->net == NULL)
        return no_memory();
    if (options->proxy != NULL && run->plan == NULL) {
        run->through = run->net;
        run->net = proxy_open(options, run->through, message, sizeof message);
    }
    if (run->net == NULL) {
        fprintf(stderr, "bttui: %s\n", message);
        return EXIT_STATUS_USAGE;
    }
    if (options->headless) {
        run->out = output_new(run->loop, STDOUT_FILENO);
        run->err = output_new(run->loop, STDERR_FILENO);
        if (run->out == NULL || run->err == NULL)
            return no_memory();
        log_set_sink(run->log, LOG_LEVEL_WARNING, print_log_line, run);
    }
    return run_watch_signals(run);
}

static enum exit_status run_all(struct run *run)
{
    given_peers_init(&run->peers, run->options);
    enum exit_status status = run_open_helper(run);
    if (status == EXIT_STATUS_OK)
        status = open_base(run);
    if (status == EXIT_STATUS_OK)
        status = run_open_session(run);
    if (status == EXIT_STATUS_OK)
        status = run_add_torrents(run);
    if (status == EXIT_STATUS_OK)
        status = open_front(run);
    if (status == EXIT_STATUS_OK &&
        event_bus_listen(session_events(run->session), on_event, run) != ERROR_NONE)
        status = EXIT_STATUS_FAILED;
    if (status == EXIT_STATUS_OK)
        status = run_open_on_complete(run, on_idle);
    if (status == EXIT_STATUS_OK)
        status = run_open_watch(run);
    if (status == EXIT_STATUS_OK)
        status = confine(run);
    if (status == EXIT_STATUS_OK)
        status = begin(run);
    if (status == EXIT_STATUS_OK) {
        given_peers_look_up(&run->peers, run->loop, run->net, run->session, run->added,
                            &run->added_count);
        status = run_begin_fetches(run);
    }
    if (status == EXIT_STATUS_OK)
        status = run_watch_done(run);
    if (status == EXIT_STATUS_OK) {
        loop_run(run->loop);
        status = run->status;
    }
    run_close(run);
    return status;
}

enum exit_status run_main(const struct options *options)
{
    struct settings settings;
    struct run run = {.options = &settings.options, .settings = &settings};
    enum exit_status status = settings_open(&settings, options);
    if (status == EXIT_STATUS_OK)
        status = run_all(&run);
    settings_done(&settings);
    return status;
}

enum exit_status run_plan(const struct options *options, const struct demo_plan *plan)
{
    struct run run = {.options = options, .plan = plan};
    return run_all(&run);
}

enum exit_status run_demo(const struct options *options)
{
    return run_plan(options, &demo_plan_default);
}
