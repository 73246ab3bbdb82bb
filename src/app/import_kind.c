/* The other clients: where each keeps what, and which one a directory is of. */
#include "app/import.h"
#include "app/import_private.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TORRENT_SUFFIX ".torrent"
#define STEMS_MAX      1000000u

static const struct import_kind kinds[] = {
    {.word = "transmission",
     .name = "Transmission",
     .markers = {"torrents", "resume"},
     .places = {"."},
     .torrents = "torrents/",
     .parts = {{"resume/", ".resume"}},
     .read = imported_read_transmission,
     .suffix = IMPORTED_SUFFIX_TRANSMISSION},
    {.word = "qbittorrent",
     .name = "qBittorrent",
     /* not torrents.fastresume, which is Deluge's */
     .markers = {"[0-9a-f]*.fastresume"},
     .places = {".", "BT_backup", "data/BT_backup", "qBittorrent/data/BT_backup",
                "../../.local/share/qBittorrent/BT_backup"},
     .torrents = "",
     .parts = {{"", ".fastresume"}},
     .read = imported_read_qbittorrent,
     .make = imported_make_libtorrent,
     .suffix = IMPORTED_SUFFIX_QBITTORRENT},
    {.word = "rtorrent",
     .name = "rtorrent",
     .markers = {"*.torrent.rtorrent"},
     .places = {".", "session", ".session", ".rtorrent/session"},
     .torrents = "",
     .parts = {{"", ".torrent.rtorrent"}, {"", ".torrent.libtorrent_resume"}},
     .read = imported_read_rtorrent,
     .pid_file = "rtorrent.lock"},
    {.word = "deluge",
     .name = "Deluge",
     .markers = {"torrents.fastresume"},
     .places = {".", "state"},
     .torrents = "",
     .parts = {{"torrents.fastresume", NULL}},
     .read = imported_read_deluge,
     .pid_file = "../deluged.pid"},
};
#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

const char *import_kind_word(int index)
{
    return index < KIND_COUNT ? kinds[index].word : NULL;
}

static bool is_session(const struct import_kind *kind, const char *path)
{
    unsigned seen = 0, wanted = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        for (unsigned i = 0; i < IMPORT_MARKERS && kind->markers[i] != NULL; i++)
            if (fnmatch(kind->markers[i], entry->d_name, FNM_PERIOD) == 0)
                seen |= 1u << i;
    if (dir != NULL)
        closedir(dir);
    for (unsigned i = 0; i < IMPORT_MARKERS && kind->markers[i] != NULL; i++)
        wanted |= 1u << i;
    return seen == wanted;
}

static bool find_place(const struct import_kind *kind, const char *dir, char **ret_path)
{
    for (int i = 0; i < IMPORT_PLACES && kind->places[i] != NULL; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", dir, kind->places[i]) < 0)
            return false;
        const bool found = is_session(kind, path);
        *ret_path = found ? realpath(path, NULL) : NULL;
        free(path);
        if (*ret_path != NULL)
            return true;
    }
    return false;
}

const struct import_kind *import_kind_find(const char *word, const char *dir,
                                           char **ret_path)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if ((word == NULL || strcmp(word, kinds[i].word) == 0) &&
            find_place(&kinds[i], dir, ret_path))
            return &kinds[i];
    return NULL;
}

/* ---- its files ---- */

char *import_kind_torrent_path(const struct import_kind *kind, const char *session,
                               const char *stem)
{
    char *path;
    return asprintf(&path, "%s/%s%s" TORRENT_SUFFIX, session, kind->torrents, stem) < 0
               ? NULL
               : path;
}

char *import_kind_part_path(const struct import_kind *kind, const char *session,
                            const char *stem, int part)
{
    char *path;
    const char *before = kind->parts[part].before, *after = kind->parts[part].after;
    if (before == NULL ||
        asprintf(&path, "%s/%s%s%s", session, before, after != NULL ? stem : "",
                 after != NULL ? after : "") < 0)
        return NULL;
    return path;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct stems {
    char **texts;
    uint32_t count, capacity;
};

/* Unless NAME ends otherwise. */
static enum error_code add_stem(struct stems *stems, const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);
    if (length <= end || strcmp(name + length - end, ending) != 0 || name[0] == '.')
        return ERROR_NONE;
    if (stems->count == STEMS_MAX)
        return ERROR_LIMIT;
    if (stems->count == stems->capacity) {
        const uint32_t capacity = stems->capacity == 0 ? 64 : 2 * stems->capacity;
        char **texts = realloc(stems->texts, capacity * sizeof *texts);
        if (texts == NULL)
            return ERROR_MEMORY;
        stems->texts = texts;
        stems->capacity = capacity;
    }
    stems->texts[stems->count] = strndup(name, length - end);
    return stems->texts[stems->count] != NULL ? (stems->count++, ERROR_NONE)
                                              : ERROR_MEMORY;
}

static enum error_code add_name(struct stems *stems, const struct import_kind *kind,
                                const char *name)
{
    const enum error_code error = add_stem(stems, name, TORRENT_SUFFIX);
    return error == ERROR_NONE && kind->make != NULL
               ? add_stem(stems, name, kind->parts[0].after)
               : error;
}

/* Each once. */
static void sort_stems(struct stems *stems)
{
    uint32_t kept = 0;
    if (stems->count > 0)
        qsort(stems->texts, stems->count, sizeof *stems->texts, compare_texts);
    for (uint32_t i = 0; i < stems->count; i++) {
        if (kept > 0 && strcmp(stems->texts[kept - 1], stems->texts[i]) == 0)
            free(stems->texts[i]);
        else
            stems->texts[kept++] = stems->texts[i];
    }
    stems->count = kept;
}

enum error_code import_kind_stems(const struct import_kind *kind, const char *session,
                                  char ***ret_stems, uint32_t *ret_count)
{
    char path[4096];
    struct stems stems = {0};
    struct dirent *entry;
    snprintf(path, sizeof path, "%s/%s", session, kind->torrents);
    DIR *dir = opendir(path);
    enum error_code error = dir != NULL ? ERROR_NONE : error_from_errno(errno);
    while (error == ERROR_NONE && (entry = readdir(dir)) != NULL)
        error = add_name(&stems, kind, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    if (error == ERROR_NONE) {
        sort_stems(&stems);
        *ret_stems = stems.texts;
        *ret_count = stems.count;
        return ERROR_NONE;
    }
    for (uint32_t i = 0; i < stems.count; i++)
        free(stems.texts[i]);
    free(stems.texts);
    return error;
}
