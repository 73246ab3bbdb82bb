/* Torrents of the command line that are named by URL: they come while the session runs.
 */
#include "app/run_private.h"
#include "app/torrent_argument.h"
#include "base/i18n.h"

#include <stdio.h>
#include <stdlib.h>

enum exit_status run_begin_fetches(struct run *run)
{
    const struct options *options = run->options;
    struct add_options add;
    run->fetches = calloc((size_t)options->torrent_count + 1, sizeof *run->fetches);
    if (run->fetches == NULL)
        return EXIT_STATUS_FAILED;
    run_add_options(run, &add);
    for (int i = 0; i < options->torrent_count && run->demo == NULL; i++) {
        char message[SESSION_MESSAGE_SIZE];
        if (!torrent_argument_is_url(options->torrents[i]))
            continue;
        const enum error_code error =
            session_fetch(run->session, options->torrents[i], &add,
                          &run->fetches[run->fetch_count], message);
        if (error == ERROR_NONE)
            run->fetch_count++;
        else if (error != ERROR_AGAIN) { /* given twice */
            snprintf(run->parting, sizeof run->parting, "%s", message);
            return run_status_of(error);
        }
    }
    return EXIT_STATUS_OK;
}

static bool is_ours(const struct run *run, uint32_t number)
{
    for (uint32_t i = 0; i < run->fetch_count; i++)
        if (run->fetches[i] == number)
            return true;
    return false;
}

/* What could not be fetched failed; what came and is no torrent is another matter. */
static enum exit_status status_of(enum error_code error)
{
    switch ((int)error) {
    case ERROR_SYSTEM:
    case ERROR_TIMEOUT:
    case ERROR_NOT_FOUND:
    case ERROR_OFFLINE:
    case ERROR_ACCESS:
        return EXIT_STATUS_FAILED;
    default:
        return run_status_of(error);
    }
}

/* In the interface the others go on, and the user is there to try again. */
static void give_up(struct run *run, enum error_code error, const char *why)
{
    if (!run->options->headless && !run->options->exit_when_done)
        return;
    if (!run->options->headless) /* what the interface said goes with the screen */
        snprintf(run->parting, sizeof run->parting, "%s",
                 why != NULL ? why : error_text(error));
    run_end(run, status_of(error));
}

void run_on_fetched(struct run *run, const struct message *event)
{
    char message[SESSION_MESSAGE_SIZE] = "";
    enum error_code error = event->u.fetched.error;
    if (run->ending || !is_ours(run, event->u.fetched.number))
        return;
    run->fetched_count++;
    if (error != ERROR_NONE && error != ERROR_EXISTS) {
        give_up(run, error, event->u.fetched.text);
        return;
    }
    error = run_take(run, error, event->torrent, message);
    if (error != ERROR_NONE) {
        log_write(run->log, LOG_LEVEL_ERROR, "%s", message);
        give_up(run, error, message);
        return;
    }
    given_peers_tell(&run->peers, event->torrent);
    if (run_watch_done(run) != EXIT_STATUS_OK)
        run_end(run, EXIT_STATUS_FAILED);
}
