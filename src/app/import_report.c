/* What `bttui import` says. */
#include "app/import_private.h"
#include "app/json_text.h"
#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_SIZE 2048

static const char *note_word(enum import_note note)
{
    static const char *const words[] = {
        [IMPORT_NOTE_NONE] = "",
        [IMPORT_NOTE_ALREADY] = "already-there",
        [IMPORT_NOTE_DAMAGED] = "damaged-torrent",
        [IMPORT_NOTE_NO_METADATA] = "no-metadata",
        [IMPORT_NOTE_NO_RESUME] = "no-resume-data",
        [IMPORT_NOTE_NO_DIR] = "no-directory",
        [IMPORT_NOTE_INSIDE] = "in-state-directory",
        [IMPORT_NOTE_OVERLAP] = "overlap",
        [IMPORT_NOTE_RUNNING] = "client-running",
        [IMPORT_NOTE_UNWRITTEN] = "not-written",
        [IMPORT_NOTE_MISSING] = "missing",
        [IMPORT_NOTE_CHANGED] = "changed",
        [IMPORT_NOTE_UNREADABLE] = "unreadable",
        [IMPORT_NOTE_UNVERIFIED] = "unverified",
        [IMPORT_NOTE_RENAMED] = "renamed",
    };
    return words[note];
}

static const char *note_text(enum import_note note)
{
    switch (note) {
    case IMPORT_NOTE_NONE:
        break;
    case IMPORT_NOTE_ALREADY:
        return _("it is in the list already");
    case IMPORT_NOTE_DAMAGED:
        return _("its torrent file cannot be used");
    case IMPORT_NOTE_NO_METADATA:
        return _("its torrent file is not there");
    case IMPORT_NOTE_NO_RESUME:
        return _("what the client knew of it is missing or damaged");
    case IMPORT_NOTE_NO_DIR:
        return _("it is not said where its files are");
    case IMPORT_NOTE_INSIDE:
        return _("its files are in the state directory");
    case IMPORT_NOTE_OVERLAP:
        return _("its files are those of another torrent");
    case IMPORT_NOTE_RUNNING:
        return _("it has unfinished files, and the client runs");
    case IMPORT_NOTE_UNWRITTEN:
        return _("it cannot be written to the state directory");
    case IMPORT_NOTE_MISSING:
        return _("a file is not there");
    case IMPORT_NOTE_CHANGED:
        return _("a file is not as the client left it");
    case IMPORT_NOTE_UNREADABLE:
        return _("a file cannot be read");
    case IMPORT_NOTE_UNVERIFIED:
        return _("the client had not verified all that is there");
    case IMPORT_NOTE_RENAMED:
        return _("files were renamed and are not found under their new names; it is "
                 "paused");
    }
    return "";
}

/* ---- JSON ---- */

static const char *state_word(enum import_state state)
{
    return state == IMPORT_TAKEN      ? "taken-over"
           : state == IMPORT_TO_CHECK ? "to-check"
                                      : "left-out";
}

static json_t *json_of_torrent(const struct import_result *result)
{
    char hex[INFO_HASH_HEX_SIZE];
    json_t *object =
        json_pack("{s:o, s:s, s:b, s:I, s:I}", "name",
                  json_text(result->name, strlen(result->name)), "state",
                  state_word(result->state), "paused", result->paused, "pieces",
                  (json_int_t)result->piece_count, "have", (json_int_t)result->have);
    info_hash_hex(&result->hash, hex);
    if (result->has_hash)
        json_object_set_new(object, "infohash", json_string(hex));
    if (result->note != IMPORT_NOTE_NONE)
        json_object_set_new(object, "reason", json_string(note_word(result->note)));
    if (result->detail != NULL)
        json_object_set_new(object, "detail",
                            json_text(result->detail, strlen(result->detail)));
    return object;
}

struct counts {
    unsigned taken, complete, to_check, left_out;
};

static json_t *json_of(const struct import *import, const struct counts *counts)
{
    json_t *torrents = json_array();
    for (uint32_t i = 0; torrents != NULL && i < import->result_count; i++)
        json_array_append_new(torrents, json_of_torrent(&import->results[i]));
    return json_pack("{s:s, s:o, s:b, s:i, s:i, s:i, s:i, s:o}", "from",
                     import->kind->word, "directory",
                     json_text(import->session, strlen(import->session)), "running",
                     import->running != 0, "taken_over", (int)counts->taken, "complete",
                     (int)counts->complete, "to_check", (int)counts->to_check, "left_out",
                     (int)counts->left_out, "torrents", torrents);
}

/* ---- for people ---- */

static void print_torrent(const struct import_result *result)
{
    char name[SHOWN_SIZE], detail[SHOWN_SIZE] = "", why[2 * SHOWN_SIZE];
    text_clean(text_untrusted(result->name), 200, name, sizeof name);
    if (result->detail != NULL)
        text_clean(text_untrusted(result->detail), 400, detail, sizeof detail);
    snprintf(why, sizeof why, "%s%s%s", note_text(result->note),
             detail[0] != '\0' ? ": " : "", detail);
    if (result->state == IMPORT_LEFT_OUT)
        /* L10N: a torrent's name, and why. */
        printf(_("%s: left out: %s\n"), name, why);
    else if (result->state == IMPORT_TO_CHECK)
        printf(_("%s: taken over, to be checked: %s\n"), name, why);
    else if (result->have == result->piece_count)
        printf(_("%s: taken over, complete\n"), name);
    else
        printf(_("%s: taken over (pieces: %u of %u)\n"), name, result->have,
               result->piece_count);
}

static void print_for_people(const struct import *import, const struct counts *counts)
{
    char shown[SHOWN_SIZE];
    for (uint32_t i = 0; i < import->result_count; i++)
        print_torrent(&import->results[i]);
    text_clean(text_untrusted(import->session), 400, shown, sizeof shown);
    /* L10N: %s is a client such as Transmission, then its directory. */
    printf(_("From %s in %s: taken over: %u (complete: %u, to be checked: %u), left out: "
             "%u\n"),
           import->kind->name, shown, counts->taken, counts->complete, counts->to_check,
           counts->left_out);
}

static bool is_failure(const struct import_result *result)
{
    return result->state == IMPORT_LEFT_OUT && result->note != IMPORT_NOTE_ALREADY;
}

enum exit_status import_report(const struct import *import)
{
    struct counts counts = {0};
    bool failed = false;
    for (uint32_t i = 0; i < import->result_count; i++) {
        const struct import_result *result = &import->results[i];
        const bool taken = result->state != IMPORT_LEFT_OUT;
        counts.taken += taken;
        counts.left_out += !taken;
        counts.to_check += result->state == IMPORT_TO_CHECK;
        counts.complete +=
            result->state == IMPORT_TAKEN && result->have == result->piece_count;
        failed |= is_failure(result);
    }
    if (import->options->json &&
        json_text_print(json_of(import, &counts)) != EXIT_STATUS_OK)
        return EXIT_STATUS_FAILED;
    if (!import->options->json)
        print_for_people(import, &counts);
    return failed ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}
