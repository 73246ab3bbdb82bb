#include "app/verify.h"

#include "app/confine.h"
#include "app/foreground.h"
#include "app/json_text.h"
#include "app/torrent_argument.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/path_name.h"
#include "meta/path_suffix.h"
#include "torrent/verify_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHOWN_SIZE 8192 /* a path of 4,000 bytes, cleaned, fits */

struct verify {
    const struct metainfo *metainfo;
    const char *suffix; /* of files that are not complete; NULL: none */
    struct verify_file *files;
    uint32_t piece_right, files_right, file_count; /* without padding and links */
};

static void count_files(struct verify *verify)
{
    for (uint32_t i = 0; i < verify->metainfo->file_count; i++) {
        const bool counts = !verify->metainfo->files[i].pad;
        verify->file_count += counts;
        verify->files_right += counts && verify->files[i].state == VERIFY_OK;
    }
}

static bool is_right(const struct verify *verify)
{
    return verify->files_right == verify->file_count &&
           verify->piece_right == verify->metainfo->piece_count;
}

/* ---- JSON ---- */

static json_t *json_of_file(const struct verify *verify, uint32_t number)
{
    const struct verify_file *file = &verify->files[number];
    const char *path = metainfo_file_path(verify->metainfo, number);
    return json_pack(
        "{s:o, s:I, s:s, s:b, s:I, s:I, s:I}", "path", json_text(path, strlen(path)),
        "bytes", (json_int_t)verify->metainfo->files[number].length, "state",
        verify_state_word(file->state), "unfinished", file->unfinished, "found_bytes",
        (json_int_t)file->found_bytes, "pieces", (json_int_t)file->piece_count, "have",
        (json_int_t)file->piece_right);
}

static json_t *json_of(const struct verify *verify)
{
    char hex[INFO_HASH_HEX_SIZE];
    const struct metainfo *metainfo = verify->metainfo;
    json_t *files = json_array();
    bool fine = files != NULL;
    for (uint32_t i = 0; i < metainfo->file_count && fine; i++)
        fine = metainfo->files[i].pad ||
               json_array_append_new(files, json_of_file(verify, i)) == 0;
    if (!fine) {
        json_decref(files);
        return NULL;
    }
    info_hash_hex(&metainfo->hash, hex);
    return json_pack("{s:o, s:s, s:b, s:I, s:I, s:o}", "name",
                     json_text(metainfo->name, strlen(metainfo->name)), "infohash", hex,
                     "ok", is_right(verify), "pieces", (json_int_t)metainfo->piece_count,
                     "have", (json_int_t)verify->piece_right, "files", files);
}

/* ---- for people ---- */

static void describe(const struct verify_file *file, uint64_t wanted_bytes,
                     const char *path, char *ret_line, size_t size)
{
    const unsigned long long found = file->found_bytes, wanted = wanted_bytes;
    const uint32_t bad = file->piece_count - file->piece_right;
    switch (file->state) {
    case VERIFY_OK:
        break;
    case VERIFY_MISSING:
        snprintf(ret_line, size, _("missing: %s"), path);
        break;
    case VERIFY_NOT_REGULAR:
        /* L10N: a directory, a link … is where a file should be. */
        snprintf(ret_line, size, _("not a regular file, or behind a link: %s"), path);
        break;
    case VERIFY_UNREADABLE:
        snprintf(ret_line, size, _("cannot be read: %s: %s"), path,
                 strerror(file->errno_value));
        break;
    case VERIFY_SHORT:
        snprintf(ret_line, size, _("too short: %s: %llu bytes instead of %llu"), path,
                 found, wanted);
        break;
    case VERIFY_LONG:
        snprintf(ret_line, size, _("too long: %s: %llu bytes instead of %llu"), path,
                 found, wanted);
        break;
    case VERIFY_WRONG:
        snprintf(ret_line, size,
                 /* L10N: how many of the file's pieces are wrong. */
                 _("wrong: %s (pieces: %u of %u)"), path, bad, file->piece_count);
        break;
    case VERIFY_UNCERTAIN:
        snprintf(ret_line, size,
                 _("cannot be told: %s: shares a piece with a file that is not right"),
                 path);
        break;
    }
}

/* As it is called on the disk. */
static void show_path(const struct verify *verify, uint32_t number,
                      char ret_name[SHOWN_SIZE])
{
    char path[PATH_BYTES + PATH_SUFFIX_BYTES + 1];
    snprintf(path, sizeof path, "%s%s", metainfo_file_path(verify->metainfo, number),
             verify->files[number].unfinished ? verify->suffix : "");
    text_clean(text_untrusted(path), SHOWN_SIZE, ret_name, SHOWN_SIZE);
}

static void print_for_people(const struct verify *verify)
{
    char name[SHOWN_SIZE], line[2 * SHOWN_SIZE];
    const struct metainfo *metainfo = verify->metainfo;
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        if (verify->files[i].state == VERIFY_OK)
            continue;
        show_path(verify, i, name);
        describe(&verify->files[i], metainfo->files[i].length, name, line, sizeof line);
        puts(line);
    }
    text_clean(text_untrusted(metainfo->name), SHOWN_SIZE, name, sizeof name);
    /* L10N: what `bttui verify` found: pieces and files that are right, the name. */
    printf(is_right(verify)
               ? _("all right (pieces: %u of %u, files: %u of %u): %s\n")
               : _("not all right (pieces: %u of %u, files: %u of %u): %s\n"),
           verify->piece_right, metainfo->piece_count, verify->files_right,
           verify->file_count, name);
}

/* ---- the command ---- */

static enum exit_status complain(const char *text)
{
    fprintf(stderr, "bttui: %s\n", text);
    return EXIT_STATUS_FAILED;
}

static enum exit_status report(struct verify *verify,
                               const struct data_check_config *check,
                               const struct bitfield *have, bool json)
{
    verify_look(check, verify->files);
    const enum error_code error = verify_judge(verify->metainfo, have, verify->files);
    if (error != ERROR_NONE)
        return complain(error_text(error));
    verify->piece_right = have->count;
    count_files(verify);
    if (json && json_text_print(json_of(verify)) != EXIT_STATUS_OK)
        return EXIT_STATUS_FAILED;
    if (!json)
        print_for_people(verify);
    return is_right(verify) ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

/* As a session has it: a torrent whom the suffix does not suit goes without. */
static enum error_code find_suffix(const struct options *options,
                                   const struct metainfo *metainfo,
                                   const char **ret_suffix)
{
    bool fits = false;
    const char *suffix = options->incomplete_suffix;
    const enum error_code error =
        suffix != NULL ? path_suffix_fits(metainfo, suffix, &fits) : ERROR_NONE;
    *ret_suffix = error == ERROR_NONE && fits ? suffix : NULL;
    return error;
}

static enum exit_status verify_torrent(const struct options *options,
                                       struct metainfo *metainfo, const char *dir)
{
    struct foreground foreground;
    struct verify verify = {.metainfo = metainfo};
    struct bitfield have = {0};
    struct data_check_config check = {.metainfo = metainfo, .dir = dir};
    enum exit_status status = foreground_open(&foreground);
    check.ret_errnos = calloc(metainfo->file_count, sizeof *check.ret_errnos);
    check.ret_stamps = calloc(metainfo->file_count, sizeof *check.ret_stamps);
    verify.files = calloc(metainfo->file_count, sizeof *verify.files);
    enum error_code error =
        check.ret_errnos != NULL && check.ret_stamps != NULL && verify.files != NULL
            ? find_suffix(options, metainfo, &check.suffix)
            : ERROR_MEMORY;
    verify.suffix = check.suffix;
    if (status == EXIT_STATUS_OK && error == ERROR_NONE)
        error = foreground_check(&foreground, &check, &have);
    if (status == EXIT_STATUS_OK)
        status = error == ERROR_NONE      ? report(&verify, &check, &have, options->json)
                 : foreground.interrupted ? complain(_("interrupted"))
                                          : complain(foreground_error_text(error));
    bitfield_done(&have);
    free(check.ret_errnos);
    free(check.ret_stamps);
    free(verify.files);
    foreground_close(&foreground);
    return status;
}

/* With a slip of the finger in it everything would be missing. */
static enum exit_status check_dir(const char *dir)
{
    struct stat status;
    char shown[512], text[1024];
    int error = stat(dir, &status) == 0 ? 0 : errno;
    if (error == 0 && S_ISDIR(status.st_mode))
        return EXIT_STATUS_OK;
    text_clean(text_untrusted(dir), 200, shown, sizeof shown);
    snprintf(text, sizeof text, "%s: %s", shown, strerror(error == 0 ? ENOTDIR : error));
    return complain(text);
}

enum exit_status verify_main(const struct options *options)
{
    struct metainfo *metainfo;
    const char *dir = options->download_dir != NULL ? options->download_dir : ".";
    enum exit_status status =
        torrent_argument_load(options->torrents[0], options->names, &metainfo);
    if (status != EXIT_STATUS_OK)
        return status;
    status = check_dir(dir);
    if (status == EXIT_STATUS_OK)
        status = confine_command(options->sandbox, dir, NULL);
    if (status == EXIT_STATUS_OK)
        status = verify_torrent(options, metainfo, dir);
    metainfo_free(metainfo);
    return status;
}
