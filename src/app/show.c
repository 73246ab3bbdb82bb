#include "app/show.h"

#include "app/json_text.h"
#include "app/torrent_argument.h"
#include "base/text.h"
#include "torrent/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- JSON ---- */

static json_t *show_files(const struct metainfo *metainfo)
{
    json_t *files = json_array();
    for (uint32_t i = 0; files != NULL && i < metainfo->file_count; i++) {
        const char *path = metainfo_file_path(metainfo, i);
        json_t *file = json_object();
        json_object_set_new(file, "path", json_text(path, strlen(path)));
        json_object_set_new(file, "bytes",
                            json_integer((json_int_t)metainfo->files[i].length));
        if (metainfo->files[i].pad)
            json_object_set_new(file, "pad", json_true());
        json_array_append_new(files, file);
    }
    return files;
}

static json_t *show_trackers(const struct metainfo *metainfo)
{
    json_t *tiers = json_array();
    for (uint32_t i = 0; tiers != NULL && i < metainfo->tracker_count; i++) {
        const struct metainfo_tracker *tracker = &metainfo->trackers[i];
        if (json_array_size(tiers) <= tracker->tier)
            json_array_append_new(tiers, json_array());
        json_array_append_new(json_array_get(tiers, tracker->tier),
                              json_text(tracker->url, strlen(tracker->url)));
    }
    return tiers;
}

static json_t *show_webseeds(const struct metainfo *metainfo)
{
    json_t *urls = json_array();
    for (uint32_t i = 0; urls != NULL && i < metainfo->webseed_count; i++)
        json_array_append_new(
            urls, json_text(metainfo->webseeds[i], strlen(metainfo->webseeds[i])));
    return urls;
}

static json_t *show_hash_v2(const struct metainfo *metainfo)
{
    char hex[2 * SHA256_BYTES + 1];
    if (!metainfo_has_v2(metainfo))
        return json_null();
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", metainfo->hash_v2[i]);
    return json_string(hex);
}

json_t *show_json(const struct metainfo *metainfo)
{
    char hex[INFO_HASH_HEX_SIZE];
    json_t *object = json_object();
    info_hash_hex(&metainfo->hash, hex);
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"name", json_text(metainfo->name, strlen(metainfo->name))},
        {"infohash", metainfo->v2_only ? json_null() : json_string(hex)},
        {"infohash_v2", show_hash_v2(metainfo)},
        {"total_bytes", json_integer((json_int_t)metainfo_shown_bytes(metainfo))},
        {"piece_bytes", json_integer(metainfo->piece_bytes)},
        {"pieces", json_integer(metainfo->piece_count)},
        {"private", json_boolean(metainfo->is_private)},
        {"files", show_files(metainfo)},
        {"trackers", show_trackers(metainfo)},
        {"webseeds", show_webseeds(metainfo)},
        {"comment", json_text(metainfo->comment, strlen(metainfo->comment))},
        {"creator", json_text(metainfo->creator, strlen(metainfo->creator))},
        {"created",
         metainfo->created_s != 0 ? json_integer(metainfo->created_s) : json_null()},
    };
    bool fine = object != NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        fine &= json_object_set_new(object, members[i].key, members[i].value) == 0;
    if (fine)
        return object;
    json_decref(object);
    return NULL;
}

/* ---- the command ---- */

size_t show_terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col
                                                                             : 80;
}

/* ---- a magnet link, which does not say much ---- */

static json_t *magnet_list(const struct magnet_list *list, bool tiers)
{
    json_t *array = json_array();
    for (uint32_t i = 0; array != NULL && i < list->count; i++) {
        json_t *text = json_text(list->texts[i], strlen(list->texts[i]));
        json_array_append_new(array, tiers ? json_pack("[o]", text) : text);
    }
    return array;
}

static json_t *magnet_text(const char *text)
{
    return text != NULL ? json_text(text, strlen(text)) : json_null();
}

json_t *show_magnet_json(const struct magnet *magnet)
{
    char hex[2 * SHA256_BYTES + 1];
    json_t *object = json_object();
    info_hash_hex(&magnet->hash, hex);
    bool fine = object != NULL;
    fine &= json_object_set_new(object, "name", magnet_text(magnet->name)) == 0;
    fine &= json_object_set_new(object, "infohash",
                                magnet->has_v1 ? json_string(hex) : json_null()) == 0;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", magnet->hash_v2[i]);
    fine &= json_object_set_new(object, "infohash_v2",
                                magnet->has_v2 ? json_string(hex) : json_null()) == 0;
    static const char *const unknown[] = {"total_bytes", "piece_bytes", "pieces",
                                          "private", "files"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        fine &= json_object_set_new(object, unknown[i], json_null()) == 0;
    fine &= json_object_set_new(object, "trackers",
                                magnet_list(&magnet->trackers, true)) == 0;
    fine &= json_object_set_new(object, "webseeds",
                                magnet_list(&magnet->webseeds, false)) == 0;
    fine &= json_object_set_new(object, "peers", magnet_list(&magnet->peers, false)) == 0;
    fine &= json_object_set_new(object, "select", magnet_text(magnet->select)) == 0;
    if (fine)
        return object;
    json_decref(object);
    return NULL;
}

static enum exit_status show_magnet(const struct options *options)
{
    struct magnet magnet;
    const char *text = options->torrents[0];
    enum exit_status status = EXIT_STATUS_OK;
    const enum error_code error = magnet_parse(text, strlen(text), &magnet);
    if (error != ERROR_NONE) {
        char shown[256];
        text_clean(text_untrusted(text), 120, shown, sizeof shown);
        fprintf(stderr, "bttui: %s: %s\n", shown, session_magnet_fault(error));
        return error == ERROR_MEMORY ? EXIT_STATUS_FAILED : EXIT_STATUS_INVALID;
    }
    if (options->json)
        status = json_text_print(show_magnet_json(&magnet));
    else
        show_print_magnet(stdout, &magnet, show_terminal_width());
    magnet_done(&magnet);
    return status;
}

enum exit_status show_main(const struct options *options)
{
    struct metainfo *metainfo;
    if (torrent_argument_is_magnet(options->torrents[0]))
        return show_magnet(options);
    enum exit_status status =
        torrent_argument_load(options->torrents[0], options->names, &metainfo);
    if (status != EXIT_STATUS_OK)
        return status;
    if (options->json)
        status = json_text_print(show_json(metainfo));
    else
        show_print(stdout, metainfo, show_terminal_width());
    metainfo_free(metainfo);
    return status;
}
