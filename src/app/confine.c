#include "app/confine.h"

#include "app/confine_private.h"
#include "base/i18n.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_ALL (SANDBOX_READ | SANDBOX_LIST | SANDBOX_WRITE)
#define TOLD_MAX  20 /* refused calls; an intruder could make many */

struct confine {
    struct loop *loop;
    struct log *log;
    struct loop_slot *slot;
    int pipe[2];
    unsigned told;
};

/* ---- refused calls ---- */

static void on_refused(void *context, short revents)
{
    struct confine *confine = context;
    char name[40];
    int number;
    (void)revents;
    while (read(confine->pipe[0], &number, sizeof number) == sizeof number) {
        if (confine->told++ >= TOLD_MAX)
            continue;
        sandbox_call_name(number, name, sizeof name);
        /* L10N: %s is a system call, such as "execve" */
        log_write(confine->log, LOG_LEVEL_WARNING,
                  _("the sandbox refused the system call %s: the program tried what it "
                    "never should"),
                  name);
    }
}

static struct confine *listen_for_refusals(const struct confine_config *config)
{
    struct confine *confine = calloc(1, sizeof *confine);
    if (confine == NULL)
        return NULL;
    *confine = (struct confine){.loop = config->loop, .log = config->log};
    if (pipe2(confine->pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        free(confine);
        return NULL;
    }
    confine->slot =
        loop_add(config->loop, confine->pipe[0], POLLIN, LOOP_COLD, on_refused, confine);
    if (confine->slot == NULL) {
        confine_free(confine);
        return NULL;
    }
    sandbox_tell_refusals(confine->pipe[1]);
    return confine;
}

void confine_free(struct confine *confine)
{
    if (confine == NULL)
        return;
    sandbox_tell_refusals(-1);
    loop_slot_remove(confine->slot);
    close(confine->pipe[0]);
    close(confine->pipe[1]);
    free(confine);
}

/* ---- what is left ---- */

/* The directory new torrents go to must be there to be let in. Whether it could be made
 * shows when the first file is. */
static void make_dir(const char *path)
{
    char part[PATH_MAX];
    const size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return;
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        (void)mkdir(part, 0777);
        part[i] = path[i];
    }
}

static void add_directories(struct places *places, const struct confine_config *config,
                            const struct session_info *session)
{
    char parent[PATH_MAX];
    make_dir(session->download_dir);
    places_add(places, WRITE_ALL, session->download_dir);
    for (uint32_t i = 0; i < session_count(config->session); i++) {
        struct torrent_info torrent;
        if (!torrent_get_info(config->session, session_at(config->session, i), &torrent))
            continue;
        if (strcmp(torrent.download_dir, session->download_dir) != 0)
            places_add(places, WRITE_ALL, torrent.download_dir);
        if (torrent.other_dir != NULL)
            places_add(places, WRITE_ALL, torrent.other_dir);
    }
    for (uint32_t i = 0; i < config->dir_count; i++) {
        make_dir(config->dirs[i]);
        places_add(places, WRITE_ALL, config->dirs[i]);
    }
    for (uint32_t i = 0; i < watch_dir_count(config->watch); i++)
        places_add(places, WRITE_ALL, watch_dir(config->watch, i));
    if (session->state_dir != NULL)
        places_add(places, WRITE_ALL, session->state_dir);
    if (config->demo_dir == NULL)
        return;
    places_add(places, WRITE_ALL, config->demo_dir);
    /* It is removed at the end, which its parent must allow. */
    if (snprintf(parent, sizeof parent, "%s/..", config->demo_dir) < (int)sizeof parent)
        places_add(places, SANDBOX_REMOVE_DIR, parent);
}

/* A home directory that payload goes to is open to every name in it. */
static bool is_wide(const struct confine_config *config,
                    const struct session_info *session)
{
    bool wide = places_hold_home(session->download_dir);
    for (uint32_t i = 0; i < session_count(config->session) && !wide; i++) {
        struct torrent_info torrent;
        wide =
            torrent_get_info(config->session, session_at(config->session, i), &torrent) &&
            strcmp(torrent.download_dir, session->download_dir) != 0 &&
            places_hold_home(torrent.download_dir);
    }
    for (uint32_t i = 0; i < config->dir_count && !wide; i++)
        wide = places_hold_home(config->dirs[i]);
    for (uint32_t i = 0; i < watch_dir_count(config->watch) && !wide; i++)
        wide = places_hold_home(watch_dir(config->watch, i));
    return wide;
}

static unsigned enter(const struct confine_config *config,
                      const struct session_info *session)
{
    struct places places = {0};
    uint16_t ports[2] = {0};
    size_t port_count = 0;
    if (session->port != 0)
        ports[port_count++] = session->port;
    if (config->bound || config->demo_dir != NULL)
        ports[port_count++] = 0;
    add_directories(&places, config, session);
    places_add_system(&places);
    if (config->interface) {
        places_add_personal(&places);
        places_add_settings(&places, config->settings);
    }
    const struct sandbox_config sandbox = {.paths = places.paths,
                                           .path_count = places.count,
                                           .ports = ports,
                                           .port_count = port_count,
                                           .listen =
                                               config->bound || config->demo_dir != NULL};
    /* Half a list would keep out what is needed. */
    const unsigned had = places.failed ? 0 : sandbox_enter(&sandbox);
    places_done(&places);
    return had;
}

/* ---- telling ---- */

static const char *part_name(unsigned part)
{
    switch (part) {
    case SANDBOX_FILES:
        return _("files");
    case SANDBOX_PORTS:
        return _("ports");
    default:
        return _("system calls");
    }
}

static void list_parts(unsigned parts, char *text, size_t size)
{
    text[0] = '\0';
    for (unsigned part = 1; part <= SANDBOX_CALLS; part <<= 1) {
        const size_t used = strlen(text);
        if ((parts & part) != 0)
            snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                     part_name(part));
    }
}

void confine_describe(unsigned had, bool wide, char *text, size_t size)
{
    char with[80], without[80];
    list_parts(had, with, sizeof with);
    list_parts(SANDBOX_ALL & ~had, without, sizeof without);
    if (had == 0)
        snprintf(text, size, "%s", _("none: this system cannot"));
    else if (had != SANDBOX_ALL)
        /* L10N: two lists such as "files, ports" and "system calls" */
        snprintf(text, size, _("partial: %s; this system cannot: %s"), with, without);
    else if (wide)
        snprintf(text, size,
                 _("%s; but a download or watch directory holds your whole home"), with);
    else
        snprintf(text, size, "%s", with);
}

enum exit_status confine_enter(const struct confine_config *config,
                               struct confine **ret_confine, char *message, size_t size)
{
    char text[200];
    struct session_info session;
    if (config->choice == SANDBOX_CHOICE_OFF) {
        session_set_sandbox(config->session, _("off"), false);
        return EXIT_STATUS_OK;
    }
    session_get_info(config->session, &session);
    const bool wide = is_wide(config, &session);
    struct confine *confine = listen_for_refusals(config);
    const unsigned had = enter(config, &session);
    confine_describe(had, wide, text, sizeof text);
    session_set_sandbox(config->session, text, (had & SANDBOX_FILES) != 0);
    *ret_confine = confine;
    if (config->choice == SANDBOX_CHOICE_REQUIRE && (had != SANDBOX_ALL || wide)) {
        snprintf(message, size, "--sandbox=require: %s", text);
        return EXIT_STATUS_USAGE;
    }
    log_write(config->log, had == SANDBOX_ALL ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              _("sandbox: %s"), text);
    return EXIT_STATUS_OK;
}
