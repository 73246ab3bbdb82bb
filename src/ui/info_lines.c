#include "ui/info_lines.h"

#include "base/digest.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/torrent_row.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void add(struct info_lines *info, const char *label, uint16_t style,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(struct info_lines *info, const char *label, uint16_t style,
                const char *format, ...)
{
    va_list arguments;
    if (info->count == INFO_LINES_MAX)
        return;
    struct info_line *line = &info->lines[info->count++];
    line->label = label;
    line->style = style;
    va_start(arguments, format);
    vsnprintf(line->value, sizeof line->value, format, arguments);
    va_end(arguments);
}

static void add_gap(struct info_lines *info)
{
    if (info->count < INFO_LINES_MAX)
        info->lines[info->count++] = (struct info_line){.label = NULL};
}

static void add_bytes(struct info_lines *info, const char *label, uint64_t bytes)
{
    char text[TEXT_NUMBER_SIZE];
    add(info, label, STYLE_NORMAL, "%s", text_bytes(bytes, text));
}

/* Local time; 0 is not known, and what no calendar has is not believed. */
static void add_date(struct info_lines *info, const char *label, double wall_s)
{
    const double latest = 253402300800.0; /* the year 10000 */
    char text[64];
    struct tm local;
    if (!(wall_s > 0 && wall_s < latest))
        return;
    const time_t seconds = (time_t)wall_s;
    if (localtime_r(&seconds, &local) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) > 0)
        add(info, label, STYLE_NORMAL, "%s", text);
}

static uint16_t state_style(enum torrent_state state)
{
    switch (state) {
    case TORRENT_STATE_ERROR:
        return STYLE_BAD;
    case TORRENT_STATE_PAUSED:
    case TORRENT_STATE_QUEUED:
        return STYLE_WARN;
    default:
        return STYLE_GOOD;
    }
}

static void add_hash_v2(struct info_lines *info, const uint8_t hash[SHA256_BYTES])
{
    char hex[2 * SHA256_BYTES + 1];
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    add(info, _("v2 hash"), STYLE_NORMAL, "%s", hex);
}

static void add_what(struct info_lines *info, const struct view_context *context,
                     const struct torrent_info *torrent)
{
    char masked[VIEW_MASK_SIZE], hex[INFO_HASH_HEX_SIZE];
    add(info, _("Name"), STYLE_STRONG, "%s", view_mask(context, torrent->name, masked));
    /* L10N: a state and why: "downloading: asking the tracker for peers" */
    if (torrent_row_reason_says_state(torrent))
        add(info, _("State"), state_style(torrent->state), "%s", torrent->reason);
    else
        add(info, _("State"), state_style(torrent->state), _("%s: %s"),
            torrent_state_text(torrent->state), torrent->reason);
    if (torrent->label[0] != '\0')
        add(info, _("Label"), STYLE_ACCENT, "%s",
            view_mask(context, torrent->label, masked));
    info_hash_hex(&torrent->hash, hex);
    if (!torrent->v2_only)
        add(info, _("Info-hash"), STYLE_NORMAL, "%s", hex);
    if (torrent->hash_v2 != NULL)
        add_hash_v2(info, torrent->hash_v2);
    add(info, _("Saved in"), STYLE_NORMAL, "%s",
        view_mask(context, torrent->download_dir, masked));
}

static void add_size(struct info_lines *info, const struct torrent_info *torrent)
{
    char size[TEXT_NUMBER_SIZE];
    if (torrent->awaits_metadata) {
        add(info, _("Size"), STYLE_NORMAL, "%s", _("known when its metadata are here"));
        return;
    }
    add(info, _("Size"), STYLE_NORMAL,
        ngettext("%s wanted, %u file in all", "%s wanted, %u files in all",
                 torrent->files),
        text_bytes(torrent->total_bytes, size), torrent->files);
    add(info, _("Pieces"), STYLE_NORMAL, _("%u of %s, %u here"), torrent->pieces,
        text_bytes(torrent->piece_bytes, size), torrent->pieces_have);
}

static void add_progress(struct info_lines *info, const struct torrent_info *torrent)
{
    char done[TEXT_NUMBER_SIZE], percent[TEXT_NUMBER_SIZE], eta[TEXT_NUMBER_SIZE];
    if (!torrent->awaits_metadata)
        add(info, _("Done"), STYLE_NORMAL,
            torrent->synced ? _("%s, %s; safe on disk") : _("%s, %s"),
            text_percent(torrent->done_bytes, torrent->total_bytes, percent),
            text_bytes(torrent->done_bytes, done));
    if (torrent->eta_s != UINT64_MAX)
        add(info, _("Time left"), STYLE_NORMAL, "%s", text_duration(torrent->eta_s, eta));
    char down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE];
    add(info, _("Rates"), STYLE_NORMAL, _("%s down, %s up"),
        text_rate(torrent->down_rate, down), text_rate(torrent->up_rate, up));
    add_bytes(info, _("Downloaded"), torrent->downloaded);
    add_bytes(info, _("Uploaded"), torrent->uploaded);
    /* What was there from the start counts as downloaded, as everywhere. */
    const uint64_t base =
        torrent->downloaded > 0 ? torrent->downloaded : torrent->done_bytes;
    if (base > 0)
        add(info, _("Ratio"), STYLE_NORMAL, "%.2f",
            (double)torrent->uploaded / (double)base);
    if (torrent->wasted > 0)
        add_bytes(info, _("Wasted"), torrent->wasted);
    if (torrent->failed > 0)
        add_bytes(info, _("Failed check"), torrent->failed);
}

/* Its own; those of all torrents are in the header. */
static void add_limits(struct info_lines *info, const struct torrent_info *torrent)
{
    char down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE];
    if (torrent->max_down == 0 && torrent->max_up == 0)
        return;
    add(info, _("Limits"), STYLE_NORMAL, _("%s down, %s up"),
        torrent->max_down != 0 ? text_rate(torrent->max_down, down) : _("no limit"),
        torrent->max_up != 0 ? text_rate(torrent->max_up, up) : _("no limit"));
}

static void add_goal(struct info_lines *info, const struct torrent_info *torrent)
{
    char seeded[TEXT_NUMBER_SIZE], goal_time[TEXT_NUMBER_SIZE];
    const struct seed_goal *goal = &torrent->goal;
    const double ratio = goal->ratio / 100.0;
    if (torrent->seeded_s > 0)
        add(info, _("Seeded for"), STYLE_NORMAL, "%s",
            text_duration(torrent->seeded_s, seeded));
    if (goal->ratio == 0 && goal->minutes == 0)
        return;
    text_duration(goal->minutes * UINT64_C(60), goal_time);
    if (goal->ratio == 0)
        add(info, _("Goal"), STYLE_NORMAL, _("seeding for %s"), goal_time);
    else if (goal->minutes == 0)
        add(info, _("Goal"), STYLE_NORMAL, _("ratio %.2f"), ratio);
    else
        add(info, _("Goal"), STYLE_NORMAL, _("ratio %.2f, or seeding for %s"), ratio,
            goal_time);
    add(info, _("Then"), STYLE_NORMAL, "%s",
        goal->action == SEED_ACTION_REMOVE ? _("off the list; its data stay")
                                           : _("it stops"));
}

static void add_swarm(struct info_lines *info, const struct torrent_info *torrent)
{
    char seeds[TEXT_NUMBER_SIZE], leechers[TEXT_NUMBER_SIZE];
    add(info, _("Peers"), STYLE_NORMAL, _("%u connected of %u known, %u complete"),
        torrent->peers_connected, torrent->peers_known, torrent->seeds_connected);
    if (torrent->seeds_tracker != UINT32_MAX || torrent->leechers_tracker != UINT32_MAX) {
        snprintf(seeds, sizeof seeds, "%u", torrent->seeds_tracker);
        snprintf(leechers, sizeof leechers, "%u", torrent->leechers_tracker);
        add(info, _("Swarm"), STYLE_NORMAL,
            _("seeds: %s, leechers: %s, as the tracker counts"),
            torrent->seeds_tracker != UINT32_MAX ? seeds : "?",
            torrent->leechers_tracker != UINT32_MAX ? leechers : "?");
    }
    if (torrent->unavailable_pieces > 0)
        add(info, _("Availability"), STYLE_WARN,
            ngettext("%.2f copies connected; %u wanted piece with nobody",
                     "%.2f copies connected; %u wanted pieces with nobody",
                     torrent->unavailable_pieces),
            torrent->availability, torrent->unavailable_pieces);
    else if (!torrent->awaits_metadata)
        add(info, _("Availability"), STYLE_NORMAL, _("%.2f copies connected"),
            torrent->availability);
    add(info, _("Trackers"), STYLE_NORMAL, "%u", torrent->trackers);
    if (!torrent->awaits_metadata)
        add(info, _("Private"), STYLE_NORMAL, "%s",
            torrent->is_private ? _("yes: peers come from its trackers alone") : _("no"));
    add(info, _("Order"), STYLE_NORMAL, "%s",
        torrent->sequential   ? torrent->first_last
                                    ? _("ends of files first, then pieces in order")
                                    : _("pieces in order")
          : torrent->first_last ? _("ends of files first, then the rarest pieces")
                              : _("rarest pieces first"));
    if (torrent->super_seed)
        add(info, _("Super-seeding"), STYLE_NORMAL, "%s",
            torrent->super_seeding
                ? _("on: each peer is shown two pieces at a time")
                : _("waits until all is here, or is over: another seed was seen"));
}

static void add_totals(struct info_lines *info, const struct view_context *context)
{
    struct session_totals totals;
    char down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE], duration[TEXT_NUMBER_SIZE];
    session_get_totals(context->session, &totals);
    add_gap(info);
    add(info, _("All time"), STYLE_NORMAL,
        /* L10N: bytes down, bytes up, a ratio, how long the program has run */
        _("%s down, %s up, ratio %.2f, in %s"), text_bytes(totals.downloaded, down),
        text_bytes(totals.uploaded, up),
        totals.downloaded > 0 ? (double)totals.uploaded / (double)totals.downloaded : 0.0,
        text_duration(totals.seconds, duration));
}

static void add_blocklist(struct info_lines *info, const struct session_info *session)
{
    if (session->blocklist > 0)
        add(info, _("Blocklist"), STYLE_NORMAL,
            ngettext("%u range of addresses; %llu calls refused",
                     "%u ranges of addresses; %llu calls refused", session->blocklist),
            session->blocklist, (unsigned long long)session->blocked);
}

static void add_bound(struct info_lines *info, const struct session_info *session)
{
    char shown[100];
    if (session->bound == NULL)
        return;
    text_clean(text_untrusted(session->bound), 60, shown, sizeof shown);
    /* L10N: all traffic goes through this interface or address alone */
    add(info, _("Bound to"), session->trouble != NULL ? STYLE_BAD : STYLE_NORMAL, "%s",
        session->trouble != NULL ? session->trouble : shown);
    if (session->no_udp != NULL)
        add(info, "UDP", STYLE_BAD, "%s", session->no_udp);
}

static void add_port(struct info_lines *info, const struct session_info *session)
{
    if (session->port == 0)
        return;
    add(info, _("Port"), STYLE_NORMAL, "%u%s%s%s%s", session->port,
        session->incoming_seen ? ", " : "",
        session->incoming_seen ? _("others have reached it") : "",
        session->port_text[0] != '\0' ? ", " : "", session->port_text);
}

/* Of the whole program; what it cannot reach is why some things fail. */
static void add_sandbox(struct info_lines *info, const struct view_context *context)
{
    struct session_info session;
    session_get_info(context->session, &session);
    add_port(info, &session);
    add_blocklist(info, &session);
    add_bound(info, &session);
    if (session.sandbox == NULL || session.sandbox[0] == '\0')
        return;
    add_gap(info);
    add(info, _("Sandbox"), STYLE_NORMAL, "%s", session.sandbox);
}

void info_lines_fill(struct info_lines *info, const struct view_context *context)
{
    struct torrent_info torrent;
    info->count = 0;
    if (!torrent_get_info(context->session, context->torrent, &torrent))
        return;
    add_what(info, context, &torrent);
    add_size(info, &torrent);
    add_gap(info);
    add_progress(info, &torrent);
    add_limits(info, &torrent);
    add_goal(info, &torrent);
    add_gap(info);
    add_swarm(info, &torrent);
    add_gap(info);
    add_date(info, _("Added"), torrent.added_wall_s);
    add_date(info, _("Completed"), torrent.completed_wall_s);
    add_date(info, _("Created"), torrent.created_wall_s);
    if (torrent.creator[0] != '\0')
        add(info, _("Created by"), STYLE_NORMAL, "%s", torrent.creator);
    if (torrent.comment[0] != '\0')
        add(info, _("Comment"), STYLE_NORMAL, "%s", torrent.comment);
    add_totals(info, context);
    add_sandbox(info, context);
}
