/* What is copied to the terminal's clipboard: texts of the selected torrent, or of all
 * that are marked, a line each. Only what can be seen is copied, so that pasting it
 * presses nothing. */
#include "base/buffer.h"
#include "base/i18n.h"
#include "base/text.h"
#include "base/text_width.h"
#include "ui/screen_private.h"
#include "ui/torrent_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the texts ---- */

/* RFC 3986: what need not be written as %XX. */
static bool is_unreserved(char byte)
{
    return byte != '\0' && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~",
                                  byte) != NULL;
}

static enum error_code add_encoded(struct buffer *buffer, const char *text)
{
    enum error_code error = ERROR_NONE;
    for (; *text != '\0' && error == ERROR_NONE; text++)
        error = is_unreserved(*text) ? buffer_append(buffer, text, 1)
                                     : buffer_printf(buffer, "%%%02X", (uint8_t)*text);
    return error;
}

static enum error_code add_hash(struct buffer *buffer, const struct torrent_info *info)
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&info->hash, hex);
    return buffer_append_text(buffer, hex);
}

/* BEP 9. A tracker's address that has something hidden in it would give a key of the
 * user's away. */
static enum error_code add_magnet(struct buffer *buffer, struct session *session,
                                  const struct torrent_info *info)
{
    struct tracker_info tracker;
    enum error_code error = buffer_append_text(buffer, "magnet:?xt=urn:btih:");
    if (error == ERROR_NONE)
        error = add_hash(buffer, info);
    if (error == ERROR_NONE)
        error = buffer_append_text(buffer, "&dn=");
    if (error == ERROR_NONE)
        error = add_encoded(buffer, info->name);
    for (uint32_t i = 0; i < info->trackers && error == ERROR_NONE; i++) {
        if (!torrent_get_tracker(session, info->id, i, &tracker) ||
            strstr(tracker.url, "…") != NULL)
            continue;
        error = buffer_append_text(buffer, "&tr=");
        if (error == ERROR_NONE)
            error = add_encoded(buffer, tracker.url);
    }
    return error;
}

static enum error_code add_path(struct buffer *buffer, struct session *session,
                                const struct torrent_info *info)
{
    char *path = torrent_get_path(session, info->id);
    if (path == NULL)
        return ERROR_MEMORY;
    const enum error_code error = buffer_append_text(buffer, path);
    free(path);
    return error;
}

struct copy {
    struct session *session;
    enum action what;
    struct buffer buffer;
    uint32_t count;
    enum error_code error;
};

static void add_one(struct copy *copy, struct torrent_id id)
{
    struct torrent_info info;
    if (copy->error != ERROR_NONE || !torrent_get_info(copy->session, id, &info))
        return;
    if (copy->count++ > 0)
        copy->error = buffer_append_text(&copy->buffer, "\n");
    if (copy->error != ERROR_NONE)
        return;
    switch (copy->what) {
    case ACTION_COPY_MAGNET:
        copy->error = add_magnet(&copy->buffer, copy->session, &info);
        break;
    case ACTION_COPY_HASH:
        copy->error = add_hash(&copy->buffer, &info);
        break;
    case ACTION_COPY_PATH:
        copy->error = add_path(&copy->buffer, copy->session, &info);
        break;
    default:
        copy->error = buffer_append_text(&copy->buffer, info.name);
        break;
    }
}

static void add_row(void *context, const void *row)
{
    add_one(context, torrent_row_id(((const struct torrent_row *)row)->id));
}

/* Lines of what can be seen. */
static bool is_harmless(const char *bytes, size_t length)
{
    if (!text_is_valid_utf8(bytes, length))
        return false;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(bytes + at, length - at, &code);
        const enum text_class class = text_class(code);
        if (code != '\n' && (class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN))
            return false;
    }
    return true;
}

/* ---- copying ---- */

static const char *what_text(enum action action)
{
    for (size_t i = 0; i < keymap_count; i++)
        if (keymap_entries[i].action == action)
            return _(keymap_entries[i].word);
    return "";
}

static void send_copy(struct screen *screen, const struct copy *copy)
{
    const struct screen_output *output = &screen->config.output;
    const char *bytes = (const char *)copy->buffer.bytes;
    const size_t length = copy->buffer.length;
    if (!is_harmless(bytes, length))
        view_say(&screen->context, STYLE_WARN, "%s",
                 _("Not copied: it has characters that cannot be seen."));
    else if (output->copy == NULL || !output->copy(output->context, bytes, length))
        view_say(&screen->context, STYLE_WARN, "%s",
                 _("Not copied: this terminal has no clipboard, or is busy."));
    else if (copy->count == 1)
        /* L10N: %s is "magnet link", "name" …; the text that was copied follows */
        view_say(&screen->context, STYLE_NORMAL, _("Copied, %s: %.*s"),
                 what_text(copy->what), screen->context.masked ? 0 : (int)length, bytes);
    else
        /* L10N: %s is "magnet link", "name" … */
        view_say(&screen->context, STYLE_NORMAL,
                 ngettext("Copied of %u torrent: %s.", "Copied of %u torrents: %s.",
                          copy->count),
                 copy->count, what_text(copy->what));
}

bool screen_copy_act(struct screen *screen, enum action action)
{
    const struct screen_view *list = &screen->views[0];
    struct copy copy = {.session = screen->config.session, .what = action};
    if (action < ACTION_COPY_MAGNET || action > ACTION_COPY_NAME)
        return false;
    buffer_init(&copy.buffer, SCREEN_COPY_MOST);
    if (screen_focuses_detail(screen))
        add_one(&copy, screen->context.torrent);
    else
        table_for_chosen(list->class->table(list->state), add_row, &copy);
    if (copy.error != ERROR_NONE)
        view_say(&screen->context, STYLE_WARN, "%s",
                 _("Not copied: that is more than a clipboard takes."));
    else if (copy.count == 0)
        view_say(&screen->context, STYLE_WARN, "%s", _("There is nothing to copy."));
    else
        send_copy(screen, &copy);
    buffer_done(&copy.buffer);
    return true;
}

/* ---- the key that says what ---- */

void screen_open_copy(struct screen *screen)
{
    screen->modal = SCREEN_MODAL_COPY;
}

void screen_copy_key(struct screen *screen, uint32_t key)
{
    screen->modal = SCREEN_MODAL_NONE;
    screen_copy_act(screen, keymap_find(&screen->keymap, SCOPE_COPY, key));
    view_changed(&screen->context);
}
