#include "app/import.h"

#include "app/confine.h"
#include "app/import_private.h"
#include "app/settings.h"
#include "app/state_place.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES_MAX ((off_t)256 << 20)

/* ---- one torrent ---- */

/* What is known of it while it is looked at. */
struct subject {
    const char *stem;
    struct imported_part torrent, parts[IMPORTED_PARTS]; /* bytes are owned */
    struct metainfo *metainfo;
    struct imported imported;
    struct import_result *result;
};

static void subject_done(struct subject *subject)
{
    free((void *)subject->torrent.bytes);
    for (int i = 0; i < IMPORTED_PARTS; i++)
        free((void *)subject->parts[i].bytes);
    imported_done(&subject->imported);
    metainfo_free(subject->metainfo);
}

static enum error_code leave_out(struct subject *subject, enum import_note note,
                                 const char *detail)
{
    subject->result->state = IMPORT_LEFT_OUT;
    subject->result->note = note;
    if (detail != NULL)
        subject->result->detail = strdup(detail);
    return ERROR_CANCELLED;
}

static bool read_whole(int fd, size_t length, uint8_t *bytes)
{
    for (size_t got = 0; got < length;) {
        const ssize_t more = read(fd, bytes + got, length - got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

/* What is no regular file, too large or cannot be read counts as not there. */
static struct imported_part read_part(const char *path)
{
    struct imported_part part = {NULL, 0};
    struct stat status;
    const int fd =
        path != NULL ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= PART_BYTES_MAX) {
        uint8_t *bytes = malloc((size_t)status.st_size + 1);
        if (bytes != NULL && read_whole(fd, (size_t)status.st_size, bytes))
            part = (struct imported_part){bytes, (size_t)status.st_size};
        else
            free(bytes);
    }
    if (fd >= 0)
        close(fd);
    return part;
}

static void load_parts(struct import *import, struct subject *subject)
{
    for (int i = 0; i < IMPORTED_PARTS; i++) {
        char *path =
            import_kind_part_path(import->kind, import->session, subject->stem, i);
        subject->parts[i] = read_part(path);
        free(path);
    }
}

/* There is none, but what came by a magnet link may be in the resume data. */
static enum error_code make_torrent(struct import *import, struct subject *subject)
{
    struct buffer torrent;
    enum error_code error = ERROR_MISSING;
    buffer_init(&torrent, METAINFO_MAX_BYTES);
    if (import->kind->make != NULL)
        error = import->kind->make(&subject->parts[0], &torrent);
    if (error == ERROR_NONE) {
        subject->torrent = (struct imported_part){torrent.bytes, torrent.length};
        return ERROR_NONE;
    }
    buffer_done(&torrent);
    return error == ERROR_MEMORY ? error
                                 : leave_out(subject, IMPORT_NOTE_NO_METADATA, NULL);
}

static enum error_code read_torrent(struct import *import, struct subject *subject)
{
    struct metainfo_error why;
    uint8_t *bytes;
    size_t length;
    char *path = import_kind_torrent_path(import->kind, import->session, subject->stem);
    if (path == NULL)
        return ERROR_MEMORY;
    const enum error_code error = metainfo_read_file(path, &bytes, &length, &why);
    free(path);
    if (error == ERROR_NONE)
        subject->torrent = (struct imported_part){bytes, length};
    if (error == ERROR_NONE || error == ERROR_MEMORY)
        return error;
    return error == ERROR_NOT_FOUND
               ? make_torrent(import, subject)
               : leave_out(subject, IMPORT_NOTE_DAMAGED, why.message);
}

static enum error_code load_metainfo(struct import *import, struct subject *subject)
{
    struct metainfo_error why;
    enum error_code error = read_torrent(import, subject);
    if (error != ERROR_NONE)
        return error;
    error = metainfo_parse(subject->torrent.bytes, subject->torrent.length,
                           &subject->metainfo, &why);
    if (error != ERROR_NONE)
        return error == ERROR_MEMORY
                   ? error
                   : leave_out(subject, IMPORT_NOTE_DAMAGED, why.message);
    struct import_result *result = subject->result;
    free(result->name);
    result->name = strdup(subject->metainfo->name);
    result->hash = subject->metainfo->hash;
    result->has_hash = true;
    result->piece_count = subject->metainfo->piece_count;
    return result->name != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code load_resume(struct import *import, struct subject *subject)
{
    const enum error_code error =
        import->kind->read(subject->parts, subject->metainfo, &subject->imported);
    if (error == ERROR_NONE || error == ERROR_MEMORY)
        return error;
    return leave_out(subject, IMPORT_NOTE_NO_RESUME, NULL);
}

/* Where its data are, with the names that unfinished files have taken off. */
static enum error_code find_place(struct import *import, struct subject *subject,
                                  const char **ret_dir)
{
    const struct metainfo *other = NULL;
    struct metainfo *metainfo = subject->metainfo;
    const char *dir =
        import_files_dir(import->kind->suffix, metainfo, &subject->imported);
    if (dir == NULL)
        return leave_out(subject, IMPORT_NOTE_NO_DIR, NULL);
    const enum import_note note =
        import_target_check_place(&import->target, metainfo, dir, &other);
    if (note != IMPORT_NOTE_NONE)
        return leave_out(subject, note, other != NULL ? other->name : dir);
    const bool runs = import->running != 0;
    if (import_files_unfinished(import->kind->suffix, metainfo, dir, !runs) > 0 && runs)
        return leave_out(subject, IMPORT_NOTE_RUNNING, NULL);
    *ret_dir = dir;
    return ERROR_NONE;
}

static int64_t booted_s(void)
{
    return (int64_t)(clock_wall_s(&clock_system) -
                     (double)clock_now_ns(&clock_system) / (double)NS_PER_S);
}

/* Whether it must be checked, and why; STAMPS are how its files look. */
static enum import_note judge(struct subject *subject, const char *dir,
                              const struct file_stamp *stamps)
{
    struct import_result *result = subject->result;
    struct imported *imported = &subject->imported;
    uint32_t file = 0;
    enum import_note note = IMPORT_NOTE_RENAMED;
    const char *detail = imported->renamed;
    import_files_drop_uncertain(imported, booted_s());
    if (imported->renamed_count > 0) {
        imported->settings.paused = true; /* else it would fetch them anew */
    } else {
        note = import_files_compare(subject->metainfo, imported, stamps, &file);
        if (note == IMPORT_NOTE_NONE)
            note = import_files_sync(subject->metainfo, imported, dir, &file);
        if (note != IMPORT_NOTE_NONE)
            detail = subject->metainfo->files[file].path;
        else if (imported->unverified)
            note = IMPORT_NOTE_UNVERIFIED;
    }
    if (detail != NULL)
        result->detail = strdup(detail);
    result->note = note;
    result->state = note == IMPORT_NOTE_NONE ? IMPORT_TAKEN : IMPORT_TO_CHECK;
    return note;
}

static enum error_code save(struct import *import, struct subject *subject,
                            const char *dir)
{
    struct imported *imported = &subject->imported;
    struct import_result *result = subject->result;
    struct file_stamp *stamps = import_files_stamps(subject->metainfo, dir);
    if (stamps == NULL)
        return ERROR_MEMORY;
    const enum import_note note = judge(subject, dir, stamps);
    const bool trusted = note == IMPORT_NOTE_NONE || note == IMPORT_NOTE_UNVERIFIED;
    const enum error_code error =
        import_target_add(&import->target, subject->metainfo, &subject->torrent, imported,
                          dir, trusted ? stamps : NULL);
    free(stamps);
    if (error != ERROR_NONE) {
        free(result->detail);
        return leave_out(subject, IMPORT_NOTE_UNWRITTEN, error_text(error));
    }
    result->have = imported->have.count;
    result->paused = imported->settings.paused;
    return ERROR_NONE;
}

static enum error_code take_over(struct import *import, const char *stem,
                                 struct import_result *result)
{
    struct subject subject = {.stem = stem, .result = result};
    const char *dir = NULL;
    *result = (struct import_result){.name = strdup(stem), .state = IMPORT_LEFT_OUT};
    load_parts(import, &subject);
    enum error_code error =
        result->name != NULL ? load_metainfo(import, &subject) : ERROR_MEMORY;
    if (error == ERROR_NONE && import_target_has(&import->target, subject.metainfo))
        error = leave_out(&subject, IMPORT_NOTE_ALREADY, NULL);
    if (error == ERROR_NONE)
        error = load_resume(import, &subject);
    if (error == ERROR_NONE)
        error = find_place(import, &subject, &dir);
    if (error == ERROR_NONE)
        error = save(import, &subject, dir);
    subject_done(&subject);
    return error == ERROR_CANCELLED ? ERROR_NONE : error;
}

/* ---- the command ---- */

static enum exit_status complain(enum exit_status status, const char *what)
{
    fprintf(stderr, "bttui: %s\n", what);
    return status;
}

static enum exit_status open_target(struct import *import)
{
    char message[1024], shown[1024];
    char *path = state_place(import->options);
    if (path == NULL)
        return EXIT_STATUS_USAGE;
    const enum error_code error =
        import_target_open(path, &import->target, message, sizeof message);
    free(path);
    if (error == ERROR_NONE)
        return EXIT_STATUS_OK;
    text_clean(text_untrusted(message), sizeof shown, shown, sizeof shown);
    return complain(EXIT_STATUS_USAGE, shown);
}

static enum exit_status find_session(struct import *import)
{
    char shown[512], text[1024];
    const char *dir = import->options->torrents[0];
    import->kind = import_kind_find(import->options->from, dir, &import->session);
    if (import->kind == NULL) {
        text_clean(text_untrusted(dir), 200, shown, sizeof shown);
        snprintf(text, sizeof text,
                 _("%s: no session of a client that is known here (see --from)"), shown);
        return complain(EXIT_STATUS_USAGE, text);
    }
    import->running = import_running(import->kind, import->session);
    if (import->running == 0)
        return EXIT_STATUS_OK;
    /* L10N: %s is a client such as Transmission. */
    snprintf(text, sizeof text,
             _("%s seems to be running (process %ld): end it first, for what it has not "
               "saved yet is not taken over, and both would write to the same files"),
             import->kind->name, import->running);
    complain(EXIT_STATUS_OK, text);
    return EXIT_STATUS_OK;
}

static enum error_code take_all(struct import *import, char **stems, uint32_t count)
{
    enum error_code error = ERROR_NONE;
    import->results = calloc((size_t)count + 1, sizeof *import->results);
    if (import->results == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++) {
        error = take_over(import, stems[i], &import->results[i]);
        import->result_count++;
    }
    return error == ERROR_NONE ? import_target_save(&import->target) : error;
}

static enum exit_status import_session(struct import *import)
{
    char **stems = NULL;
    uint32_t count = 0;
    enum error_code error =
        import_kind_stems(import->kind, import->session, &stems, &count);
    if (error == ERROR_NONE)
        error = take_all(import, stems, count);
    for (uint32_t i = 0; i < count; i++)
        free(stems[i]);
    free(stems);
    return error == ERROR_NONE ? import_report(import)
                               : complain(EXIT_STATUS_FAILED, error_text(error));
}

static enum exit_status run(const struct options *options)
{
    struct import import = {.options = options, .target = IMPORT_TARGET_NONE};
    enum exit_status status = find_session(&import);
    /* Where data are is known only once all was read: files stay open to it, but neither
     * the network nor other programs. */
    if (status == EXIT_STATUS_OK)
        status = confine_command(options->sandbox, "/", "/");
    if (status == EXIT_STATUS_OK)
        status = open_target(&import);
    if (status == EXIT_STATUS_OK)
        status = import_session(&import);
    import_target_close(&import.target);
    for (uint32_t i = 0; i < import.result_count; i++) {
        free(import.results[i].name);
        free(import.results[i].detail);
    }
    free(import.results);
    free(import.session);
    return status;
}

enum exit_status import_main(const struct options *options)
{
    struct settings settings;
    enum exit_status status = settings_open(&settings, options);
    if (status == EXIT_STATUS_OK)
        status = run(&settings.options);
    settings_done(&settings);
    return status;
}
