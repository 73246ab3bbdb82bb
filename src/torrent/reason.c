/* Why a torrent is as it is, in a sentence for people: with the next step and when. */
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/torrent.h"

#include <stdio.h>

static const char *say(struct torrent *torrent, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *say(struct torrent *torrent, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(torrent->reason_text, sizeof torrent->reason_text, format, arguments);
    va_end(arguments);
    return torrent->reason_text;
}

static unsigned seconds_until(const struct torrent *torrent, uint64_t at_ns)
{
    const uint64_t now_ns = loop_now_ns(torrent->session->loop);
    return at_ns > now_ns ? (unsigned)((at_ns - now_ns + NS_PER_S - 1) / NS_PER_S) : 0;
}

/* The tracker that will be asked next, for all have failed or know nobody. */
static bool next_tracker(const struct torrent *torrent, struct tracker_row *ret_row)
{
    struct tracker_row row;
    bool found = false;
    for (uint32_t i = 0; tracker_manager_row(torrent->trackers, i, &row); i++) {
        if (row.next_ns == UINT64_MAX || (found && row.next_ns >= ret_row->next_ns))
            continue;
        *ret_row = row;
        found = true;
    }
    return found;
}

static bool is_asking(const struct torrent *torrent)
{
    struct tracker_row row;
    for (uint32_t i = 0; tracker_manager_row(torrent->trackers, i, &row); i++)
        if (row.phase == TRACKER_PHASE_WORKING)
            return true;
    return false;
}

static const char *without_peers(struct torrent *torrent, const struct torrent_info *info)
{
    struct tracker_row row;
    if (info->peers_known > 0 && !is_asking(torrent))
        return say(torrent,
                   ngettext("%u peer is known and cannot be reached; trying again",
                            "%u peers are known and none can be reached; trying again",
                            info->peers_known),
                   info->peers_known);
    if (tracker_manager_count(torrent->trackers) == 0)
        return _("no trackers: waiting for peers to connect to us");
    if (is_asking(torrent))
        return _("asking the tracker for peers");
    if (!next_tracker(torrent, &row))
        return _("no tracker answers: see the Trackers tab");
    const unsigned wait_s = seconds_until(torrent, row.next_ns);
    if (row.phase == TRACKER_PHASE_FAILED)
        /* L10N: %.80s is what the tracker or the system said */
        return say(torrent, _("tracker: %.80s; next try in %u s"), row.message, wait_s);
    return say(torrent, _("the tracker knows no peers; asking again in %u s"), wait_s);
}

struct tally {
    uint32_t handshaken, interesting, unchoking, paused;
};

static struct tally count_peers(const struct torrent *torrent)
{
    struct tally tally = {0};
    struct peer_row row;
    for (uint32_t i = 0; i < peer_manager_row_count(torrent->peers); i++) {
        if (!peer_manager_row(torrent->peers, i, &row) || !row.connected)
            continue;
        tally.handshaken += row.handshaken;
        tally.interesting += row.am_interested;
        tally.unchoking += row.am_interested && row.unchoked_us;
        tally.paused += row.reason == PEER_REASON_PAUSED;
    }
    return tally;
}

static const char *without_data(struct torrent *torrent, const struct torrent_info *info)
{
    if (peer_manager_has_giver(torrent->peers))
        return _("waiting for the first data");
    const struct tally tally = count_peers(torrent);
    const uint32_t connected = info->peers_connected;
    if (tally.handshaken == 0)
        return _("connecting to peers");
    if (tally.paused == connected)
        return _("you paused every peer: p in the Peers tab resumes one");
    if (info->unavailable_pieces > 0 && tally.interesting == 0)
        return say(torrent,
                   ngettext("%u missing piece exists with no connected peer",
                            "%u missing pieces exist with no connected peer",
                            info->unavailable_pieces),
                   info->unavailable_pieces);
    if (tally.interesting == 0)
        return say(torrent,
                   ngettext("%u peer connected, without a piece that we need",
                            "%u peers connected, none has a piece that we need",
                            connected),
                   connected);
    if (tally.unchoking == 0)
        return say(torrent,
                   ngettext("%u peer connected, it chokes us: waiting for our turn",
                            "%u peers connected, all choke us: waiting for our turn",
                            connected),
                   connected);
    return _("waiting for the first data");
}

static bool is_at(uint64_t limit, uint64_t rate)
{
    return limit != 0 && rate >= limit / 20 * 19;
}

static const char *downloading(struct torrent *torrent, const struct torrent_info *info)
{
    uint64_t down, up;
    if (info->peers_connected == 0)
        return without_peers(torrent, info);
    if (info->down_rate == 0)
        return without_data(torrent, info);
    if (info->unavailable_pieces > 0)
        return say(torrent,
                   ngettext("receiving; %u piece exists with no connected peer",
                            "receiving; %u pieces exist with no connected peer",
                            info->unavailable_pieces),
                   info->unavailable_pieces);
    if (is_at(torrent->settings.max_down, info->down_rate))
        return _("receiving; this torrent's download limit sets the speed");
    session_limits(torrent->session, &down, &up);
    if (is_at(down, torrent->session->history.down_rate))
        return torrent->session->settings.turtle
                   ? _("receiving; turtle mode's limit sets the speed")
                   : _("receiving; your download limit sets the speed");
    return _("receiving");
}

static const char *queued(struct torrent *torrent)
{
    struct queue_look look;
    torrent_queue_look(torrent, &look);
    if (look.checks)
        return say(torrent, _("queued: %u of %u checks are under way; N checks it now"),
                   look.active, look.limit);
    return say(torrent,
               look.seeds ? _("queued: %u of %u seeds are active; N starts it now")
                          : _("queued: %u of %u downloads are active; N starts it now"),
               look.active, look.limit);
}

static const char *paused(struct torrent *torrent)
{
    const struct torrent_settings *settings = &torrent->settings;
    switch ((enum seed_end)settings->seed_end) {
    case SEED_END_RATIO:
        return say(torrent, _("stopped: ratio %.2f reached; p seeds on"),
                   settings->met_ratio / 100.0);
    case SEED_END_TIME:
        return say(torrent,
                   ngettext("stopped: seeded for %u minute; p seeds on",
                            "stopped: seeded for %u minutes; p seeds on",
                            settings->met_minutes),
                   settings->met_minutes);
    default:
        return _("paused by you");
    }
}

static const char *moving(struct torrent *torrent)
{
    char size[TEXT_NUMBER_SIZE], dir[100];
    const bool is_left = torrent->move > TORRENT_MOVE_COPYING;
    text_clean(text_untrusted(is_left ? torrent->download_dir : torrent->move_dir), 60,
               dir, sizeof dir);
    if (is_left)
        return say(torrent, _("moved to %s; the old place is cleaned"), dir);
    if (torrent->move_total == 0)
        return say(torrent, _("moving to %s; m ends that"), dir);
    /* L10N: a percentage, a size and a directory */
    return say(torrent, _("moving: %u %% of %s to %s; m ends that"),
               (unsigned)(torrent->move_done * 100 / torrent->move_total),
               text_bytes(torrent->move_total, size), dir);
}

const char *torrent_reason(struct torrent *torrent, const struct torrent_info *info)
{
    const char *trouble = session_trouble(torrent->session);
    if (torrent->move != TORRENT_MOVE_NONE)
        return moving(torrent);
    if (torrent->error != ERROR_NONE)
        return torrent->error_text;
    if (trouble != NULL && (info->state == TORRENT_STATE_DOWNLOADING ||
                            info->state == TORRENT_STATE_SEEDING))
        return trouble;
    switch ((int)info->state) {
    case TORRENT_STATE_QUEUED:
        return queued(torrent);
    case TORRENT_STATE_CHECKING:
        return _("looking at what is on disk");
    case TORRENT_STATE_PAUSED:
        return paused(torrent);
    case TORRENT_STATE_SEEDING:
        if (info->peers_connected == 0)
            return _("complete; nobody is connected");
        return info->up_rate > 0 ? _("complete; sending to those who ask")
                                 : _("complete; nobody asks for anything right now");
    default:
        return downloading(torrent, info);
    }
}
