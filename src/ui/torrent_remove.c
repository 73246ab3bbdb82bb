/* Keys that take torrents off the list, and the one that brings them back: for a while
 * they are only paused and hidden. What kills the program then keeps them, paused. */
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/commands.h"
#include "ui/rename_ask.h"
#include "ui/view_torrents.h"
#include "ui/view_torrents_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDO_S UINT64_C(10)

static bool is_same(struct torrent_id a, struct torrent_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

bool torrent_is_leaving(const struct torrents *list, struct torrent_id id)
{
    for (uint32_t i = 0; i < list->leaving_count; i++)
        if (is_same(list->leaving[i].id, id))
            return true;
    return false;
}

uint32_t view_torrents_leaving(const void *state, uint64_t *ret_s)
{
    const struct torrents *list = state;
    if (list->leaving_count == 0)
        return 0;
    const uint64_t until = list->leaving[list->leaving_count - 1].until_ns;
    const uint64_t now = clock_now_ns(list->context->clock);
    *ret_s = until > now ? (until - now + NS_PER_S - 1) / NS_PER_S : 0;
    return list->leaving_count;
}

/* ---- going ---- */

/* The first COUNT of those that leave. */
static void remove_first(struct torrents *list, uint32_t count)
{
    if (count == 0)
        return;
    /* What came before the last thing done, which cannot be undone any more, stays. */
    if (list->context->renamed.at_ns + UNDO_S * NS_PER_S <=
        list->leaving[count - 1].until_ns)
        rename_forget(list->context);
    for (uint32_t i = 0; i < count; i++)
        session_remove(list->context->session, list->leaving[i].id,
                       list->leaving[i].with_data);
    list->leaving_count -= count;
    memmove(list->leaving, list->leaving + count,
            list->leaving_count * sizeof *list->leaving);
    list->news.all = true;
}

static void set_timer(struct torrents *list)
{
    struct view_context *context = list->context;
    if (list->leaving_count == 0) {
        loop_timer_cancel(context->loop, &list->leave_timer);
        return;
    }
    const uint64_t until = list->leaving[0].until_ns, now = clock_now_ns(context->clock);
    if (loop_timer_set_in(context->loop, &list->leave_timer,
                          until > now ? until - now : 0) != ERROR_NONE)
        remove_first(list, list->leaving_count);
}

void torrent_remove_on_timer(void *state)
{
    struct torrents *list = state;
    const uint64_t now = clock_now_ns(list->context->clock);
    uint32_t count = 0;
    while (count < list->leaving_count && list->leaving[count].until_ns <= now)
        count++;
    remove_first(list, count);
    set_timer(list);
    view_changed(list->context);
}

void view_torrents_remove_now(void *state)
{
    struct torrents *list = state;
    remove_first(list, list->leaving_count);
    set_timer(list);
}

/* False: out of memory, or gone. */
static bool hide(struct torrents *list, struct torrent_id id, uint64_t until_ns)
{
    struct session *session = list->context->session;
    if (list->leaving_count == list->leaving_capacity) {
        const uint32_t capacity = list->leaving_capacity * 2 + 16;
        struct leaving_torrent *leaving =
            realloc(list->leaving, capacity * sizeof *leaving);
        if (leaving == NULL)
            return false;
        list->leaving = leaving;
        list->leaving_capacity = capacity;
    }
    struct leaving_torrent *leaving = &list->leaving[list->leaving_count];
    *leaving = (struct leaving_torrent){
        .id = id, .with_data = list->with_data, .until_ns = until_ns};
    if (!torrent_get_settings(session, id, &leaving->settings))
        return false;
    list->leaving_count++;
    torrent_pause(session, id);
    return true;
}

static void say_removed(struct torrents *list, struct view_context *context,
                        const char *name)
{
    char masked[VIEW_MASK_SIZE];
    const uint32_t count = list->asked_count;
    const char *key = view_key(context, "undo", (char[KEY_NAME_SIZE]){0});
    if (count == 1)
        view_say(context, STYLE_WARN,
                 /* L10N: a key, a name and a time */
                 _("Press %s to bring “%.200s” back, within %u s."), key,
                 view_mask(context, name, masked), (unsigned)UNDO_S);
    else
        view_say(context, STYLE_WARN,
                 ngettext("Press %s to bring %u torrent back, within %u s.",
                          "Press %s to bring %u torrents back, within %u s.", count),
                 key, count, (unsigned)UNDO_S);
}

static void on_remove(void *state, struct view_context *context)
{
    struct torrents *list = state;
    struct torrent_info info;
    const uint64_t until = clock_now_ns(context->clock) + UNDO_S * NS_PER_S;
    const bool there = torrent_get_info(context->session, list->asked[0], &info);
    for (uint32_t i = 0; i < list->asked_count; i++)
        if (!torrent_is_leaving(list, list->asked[i]) &&
            !hide(list, list->asked[i], until))
            session_remove(context->session, list->asked[i], list->with_data);
    table_unmark_all(list->table);
    list->news.all = true;
    set_timer(list);
    if (there)
        say_removed(list, context, info.name);
}

void torrent_remove_ask(struct torrents *list, struct view_context *context,
                        bool with_data)
{
    struct torrent_info info;
    char size[TEXT_NUMBER_SIZE], head[640], masked[VIEW_MASK_SIZE], text[1024];
    uint64_t bytes = 0;
    list->with_data = with_data;
    if (!torrent_get_info(context->session, list->asked[0], &info))
        return;
    if (list->asked_count == 1)
        snprintf(
            head, sizeof head, _("Remove “%.200s” (%s, %s done, ratio %.2f)?"),
            view_mask(context, info.name, masked), text_bytes(info.total_bytes, size),
            text_percent(info.done_bytes, info.total_bytes, (char[TEXT_NUMBER_SIZE]){0}),
            torrent_row_ratio(&info));
    else {
        for (uint32_t i = 0; i < list->asked_count; i++)
            if (torrent_get_info(context->session, list->asked[i], &info))
                bytes += info.total_bytes;
        snprintf(head, sizeof head,
                 ngettext("Remove %u torrent (%s)?", "Remove %u torrents (%s)?",
                          list->asked_count),
                 list->asked_count, text_bytes(bytes, size));
    }
    snprintf(text, sizeof text, "%s\n%s", head,
             with_data ? _("Its data on the disk is DELETED.")
                       : _("Its data stays on the disk."));
    view_confirm(context, text, list, on_remove);
}

/* ---- coming back ---- */

static void bring_back(struct torrents *list, uint32_t number)
{
    const struct leaving_torrent leaving = list->leaving[number];
    list->leaving_count--;
    memmove(list->leaving + number, list->leaving + number + 1,
            (list->leaving_count - number) * sizeof *list->leaving);
    torrent_set_settings(list->context->session, leaving.id, &leaving.settings);
    list->news.all = true;
    set_timer(list);
}

bool torrent_bring_back(struct torrents *list, struct torrent_id id)
{
    for (uint32_t i = 0; i < list->leaving_count; i++)
        if (is_same(list->leaving[i].id, id)) {
            bring_back(list, i);
            return true;
        }
    return false;
}

static bool renamed_since(const struct torrents *list, const struct view_context *context)
{
    return list->leaving_count == 0 ||
           (context->renamed.path != NULL &&
            context->renamed.at_ns + UNDO_S * NS_PER_S >
                list->leaving[list->leaving_count - 1].until_ns);
}

void torrent_undo(struct torrents *list, struct view_context *context)
{
    if (renamed_since(list, context)) {
        rename_undo(context);
        return;
    }
    const struct leaving_torrent last = list->leaving[list->leaving_count - 1];
    while (list->leaving_count > 0 &&
           list->leaving[list->leaving_count - 1].until_ns == last.until_ns)
        bring_back(list, list->leaving_count - 1);
    view_torrents_recalc(list, context);
    table_select(list->table, torrent_row_make_id(last.id));
}
