#include "app/on_complete.h"

#include "app/helper.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKETS_MAX 16 /* in a turn */
#define NAME_CELLS  60
#define NAME_SIZE   256

struct job {
    char name[NAME_SIZE]; /* for the Log */
    struct buffer variables;
    struct job *next;
};

struct on_complete {
    struct on_complete_config config;
    struct loop_slot *slot; /* NULL: the helper is gone */
    struct job *running, *first, **last;
    uint32_t waiting;
};

static void job_free(struct job *job)
{
    if (job != NULL)
        buffer_done(&job->variables);
    free(job);
}

static void forget_all(struct on_complete *on_complete)
{
    job_free(on_complete->running);
    on_complete->running = NULL;
    while (on_complete->first != NULL) {
        struct job *job = on_complete->first;
        on_complete->first = job->next;
        job_free(job);
    }
    on_complete->last = &on_complete->first;
    on_complete->waiting = 0;
}

/* ---- starting ---- */

static void lose_helper(struct on_complete *on_complete)
{
    log_write(on_complete->config.log, LOG_LEVEL_ERROR, "%s",
              _("--on-complete: its process is gone; no command is run any more"));
    loop_slot_remove(on_complete->slot);
    on_complete->slot = NULL;
    forget_all(on_complete);
}

static void start_next(struct on_complete *on_complete)
{
    struct job *job = on_complete->first;
    if (on_complete->running != NULL || job == NULL)
        return;
    on_complete->first = job->next;
    if (on_complete->first == NULL)
        on_complete->last = &on_complete->first;
    on_complete->waiting--;
    on_complete->running = job;
    if (send(on_complete->config.helper, job->variables.bytes, job->variables.length,
             MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        lose_helper(on_complete);
}

static enum error_code put(struct buffer *buffer, const char *key, const char *value)
{
    enum error_code error = buffer_append_text(buffer, key);
    if (error == ERROR_NONE)
        error = buffer_append(buffer, value, strlen(value) + 1);
    return error;
}

static enum error_code describe(struct on_complete *on_complete, struct torrent_id id,
                                const struct torrent_info *info, struct buffer *buffer)
{
    char hex[INFO_HASH_HEX_SIZE];
    char *path = torrent_get_path(on_complete->config.session, id);
    info_hash_hex(&info->hash, hex);
    enum error_code error = path != NULL ? ERROR_NONE : ERROR_MEMORY;
    if (error == ERROR_NONE)
        error = put(buffer, "BTTUI_NAME=", info->name);
    if (error == ERROR_NONE)
        error = put(buffer, "BTTUI_HASH=", hex);
    if (error == ERROR_NONE)
        error = put(buffer, "BTTUI_PATH=", path);
    if (error == ERROR_NONE)
        error = put(buffer, "BTTUI_LABEL=", info->label);
    free(path);
    return error;
}

static void add_job(struct on_complete *on_complete, struct torrent_id id)
{
    struct torrent_info info;
    if (!torrent_get_info(on_complete->config.session, id, &info))
        return;
    struct job *job =
        on_complete->waiting < ON_COMPLETE_WAITING ? calloc(1, sizeof *job) : NULL;
    char name[NAME_SIZE];
    text_fit(info.name, NAME_CELLS, false, name, sizeof name);
    if (job != NULL)
        buffer_init(&job->variables, HELPER_JOB_MAX);
    if (job == NULL || describe(on_complete, id, &info, &job->variables) != ERROR_NONE) {
        log_write(on_complete->config.log, LOG_LEVEL_ERROR,
                  _("--on-complete is not run for “%s”: too much waits, or out of "
                    "memory"),
                  name);
        job_free(job);
        return;
    }
    memcpy(job->name, name, sizeof name);
    *on_complete->last = job;
    on_complete->last = &job->next;
    on_complete->waiting++;
    start_next(on_complete);
}

static void on_event(void *context, const struct message *event)
{
    struct on_complete *on_complete = context;
    if (event->type == EVENT_COMPLETED && on_complete->slot != NULL)
        add_job(on_complete, event->torrent);
}

/* ---- what comes back ---- */

static void tell_end(const struct on_complete *on_complete, int status)
{
    const char *name = on_complete->running->name;
    struct log *log = on_complete->config.log;
    if (status == HELPER_TIMED_OUT)
        log_write(log, LOG_LEVEL_WARNING,
                  _("--on-complete for “%s”: took too long, and was killed"), name);
    else if (WIFSIGNALED(status))
        log_write(log, LOG_LEVEL_WARNING, _("--on-complete for “%s”: ended by signal %d"),
                  name, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_write(log, LOG_LEVEL_WARNING,
                  _("--on-complete for “%s”: ended with status %d"), name,
                  WEXITSTATUS(status));
    else
        log_write(log, LOG_LEVEL_INFO, _("--on-complete for “%s”: done"), name);
}

static void on_end(struct on_complete *on_complete, int status)
{
    tell_end(on_complete, status);
    job_free(on_complete->running);
    on_complete->running = NULL;
    start_next(on_complete);
}

static void on_packet(struct on_complete *on_complete, const char *packet, size_t length)
{
    int status;
    if (on_complete->running == NULL || length == 0)
        return;
    if (packet[0] == 'o') {
        log_write(on_complete->config.log, LOG_LEVEL_INFO, "--on-complete: %.*s",
                  (int)(length - 1), packet + 1);
    } else if (length == 1 + sizeof status) {
        memcpy(&status, packet + 1, sizeof status);
        on_end(on_complete, status);
    }
}

static void on_readable(void *context, short revents)
{
    struct on_complete *on_complete = context;
    char packet[1 + HELPER_LINE_MAX];
    (void)revents;
    for (int i = 0; i < PACKETS_MAX && on_complete->slot != NULL; i++) {
        const ssize_t got =
            recv(on_complete->config.helper, packet, sizeof packet, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            break;
        if (got > 0)
            on_packet(on_complete, packet, (size_t)got);
        else
            lose_helper(on_complete);
    }
    if (on_complete_is_idle(on_complete))
        on_complete->config.on_idle(on_complete->config.context);
}

/* ---- life ---- */

struct on_complete *on_complete_new(const struct on_complete_config *config)
{
    struct on_complete *on_complete = calloc(1, sizeof *on_complete);
    if (on_complete == NULL) {
        close(config->helper);
        return NULL;
    }
    on_complete->config = *config;
    on_complete->last = &on_complete->first;
    on_complete->slot = loop_add(config->loop, config->helper, POLLIN, LOOP_CONTROL,
                                 on_readable, on_complete);
    if (on_complete->slot == NULL ||
        event_bus_listen(session_events(config->session), on_event, on_complete) !=
            ERROR_NONE) {
        on_complete_free(on_complete);
        return NULL;
    }
    return on_complete;
}

void on_complete_free(struct on_complete *on_complete)
{
    if (on_complete == NULL)
        return;
    event_bus_unlisten(session_events(on_complete->config.session), on_event,
                       on_complete);
    loop_slot_remove(on_complete->slot);
    close(on_complete->config.helper);
    forget_all(on_complete);
    free(on_complete);
}

bool on_complete_is_idle(const struct on_complete *on_complete)
{
    return on_complete == NULL ||
           (on_complete->running == NULL && on_complete->first == NULL);
}
