/* Why a torrent is as it is, in a sentence for people: with the next step and when. */
#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_manager.h"
#include "peer/webseed_manager.h"
#include "torrent/activity_private.h"
#include "torrent/awaited_private.h"
#include "torrent/layer_fetch.h"
#include "torrent/looks.h"
#include "torrent/metadata_fetch.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

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

/* Seconds until a peer is called again; 0: any moment, or not known. */
static unsigned next_call(const struct torrent *torrent)
{
    struct peer_row row;
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < peer_manager_row_count(torrent->peers); i++)
        if (peer_manager_row(torrent->peers, i, &row) &&
            row.address.family != NETADDR_NONE && row.status != PEER_STATUS_BLOCKED &&
            row.retry_ns < next_ns)
            next_ns = row.retry_ns;
    return next_ns == UINT64_MAX ? 0 : (unsigned)((next_ns + NS_PER_S - 1) / NS_PER_S);
}

static const char *not_reached(struct torrent *torrent, uint32_t known)
{
    const unsigned wait_s = next_call(torrent);
    if (wait_s == 0)
        return say(torrent,
                   ngettext("%u peer is known and cannot be reached; trying again",
                            "%u peers are known and none can be reached; trying again",
                            known),
                   known);
    return say(torrent,
               ngettext("%u peer is known and cannot be reached; next try in %u s",
                        "%u peers are known and none can be reached; next try in %u s",
                        known),
               known, wait_s);
}

/* No tracker is being asked. */
static const char *with_dht(struct torrent *torrent, const struct session_dht_look *look)
{
    const char *no_udp = session_no_udp(torrent->session);
    if (no_udp != NULL)
        return no_udp;
    if (look->nodes == 0)
        return _("no tracker answers, and no node of the DHT does yet");
    if (look->working || look->next_ns == UINT64_MAX)
        return say(torrent,
                   ngettext("looking for peers in the DHT, of which %u node answers",
                            "looking for peers in the DHT, of which %u nodes answer",
                            look->nodes),
                   look->nodes);
    return say(torrent, _("the DHT knows no peers; asking again in %u s"),
               seconds_until(torrent, look->next_ns));
}

static const char *without_peers(struct torrent *torrent, const struct torrent_info *info)
{
    struct session_dht_look look;
    struct tracker_row row;
    if (info->peers_known > 0 && !is_asking(torrent))
        return not_reached(torrent, info->peers_known);
    const bool has_dht = session_dht_search(torrent, &look);
    if (tracker_manager_count(torrent->trackers) == 0)
        return has_dht ? with_dht(torrent, &look)
                       : _("no trackers: waiting for peers to connect to us");
    if (is_asking(torrent))
        return _("asking the tracker for peers");
    if (has_dht && look.working)
        return with_dht(torrent, &look);
    if (!next_tracker(torrent, &row))
        return _("no tracker answers: see the Trackers tab");
    const unsigned wait_s = seconds_until(torrent, row.next_ns);
    if (row.phase == TRACKER_PHASE_FAILED)
        return say(torrent,
                   /* L10N: %.80s is what the tracker or the system said */
                   has_dht ? _("tracker: %.80s; next try in %u s; the DHT knows nobody")
                           : _("tracker: %.80s; next try in %u s"),
                   row.message, wait_s);
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
    if (peer_manager_has_giver(torrent->peers) ||
        webseed_manager_connected(torrent->webseeds) > 0)
        return _("waiting for the first data");
    const struct tally tally = count_peers(torrent);
    const uint32_t connected = info->peers_connected;
    if (tally.handshaken == 0)
        return _("connecting to peers");
    if (tally.paused == connected)
        return _("you paused every peer: resume one in the Peers tab");
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

static const char *awaiting_layers(struct torrent *torrent, uint32_t connected,
                                   const struct layer_progress *progress)
{
    if (progress->peers == 0)
        return say(torrent,
                   /* L10N: the hashes that each piece of a v2 torrent is checked by */
                   ngettext("the metadata are here; %u peer connected, it gives no piece "
                            "hashes",
                            "the metadata are here; %u peers connected, none gives piece "
                            "hashes",
                            connected),
                   connected);
    return say(torrent,
               /* L10N: parts of the piece hashes, and who may have them */
               ngettext("%u of %u parts of the piece hashes are here; asking %u peer",
                        "%u of %u parts of the piece hashes are here; asking %u peers",
                        progress->peers),
               progress->parts_have, progress->parts, progress->peers);
}

/* What a torrent that is known by its hash alone waits for. */
static const char *awaiting(struct torrent *torrent, const struct torrent_info *info)
{
    struct metadata_progress progress;
    struct layer_progress layers;
    torrent_get_metadata_progress(torrent, &progress);
    if (info->peers_connected == 0)
        return without_peers(torrent, info);
    if (count_peers(torrent).handshaken == 0)
        return _("connecting to peers");
    if (torrent_get_layer_progress(torrent, &layers))
        return awaiting_layers(torrent, info->peers_connected, &layers);
    if (progress.peers == 0)
        return say(torrent,
                   ngettext("%u peer connected, it has no metadata for us yet",
                            "%u peers connected, none has the metadata yet",
                            info->peers_connected),
                   info->peers_connected);
    return say(torrent,
               /* L10N: pieces of the metadata that are here, of how many, and who has
                * them. */
               ngettext("%u of %u pieces of the metadata are here; %u peer has it",
                        "%u of %u pieces of the metadata are here; %u peers have it",
                        progress.peers),
               progress.pieces_have, progress.pieces, progress.peers);
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
        return say(
            torrent,
            _("queued: %u of %u checks are under way; “start now” skips the queue"),
            look.active, look.limit);
    return say(
        torrent,
        look.seeds
            ? _("queued: %u of %u seeds are active; “start now” skips the queue")
            : _("queued: %u of %u downloads are active; “start now” skips the queue"),
        look.active, look.limit);
}

static const char *paused(struct torrent *torrent)
{
    const struct torrent_settings *settings = &torrent->settings;
    switch ((enum seed_end)settings->seed_end) {
    case SEED_END_RATIO:
        return say(torrent, _("stopped: ratio %.2f reached; resume it to seed on"),
                   settings->met_ratio / 100.0);
    case SEED_END_TIME:
        return say(torrent,
                   ngettext("stopped: seeded for %u minute; resume it to seed on",
                            "stopped: seeded for %u minutes; resume it to seed on",
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
        return say(torrent, _("moving to %s; “move” ends that"), dir);
    /* L10N: a percentage, a size and a directory */
    return say(torrent, _("moving: %u %% of %s to %s; “move” ends that"),
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
    if (trouble != NULL &&
        (info->state == TORRENT_STATE_DOWNLOADING ||
         info->state == TORRENT_STATE_METADATA || info->state == TORRENT_STATE_SEEDING))
        return trouble;
    switch ((int)info->state) {
    case TORRENT_STATE_QUEUED:
        return queued(torrent);
    case TORRENT_STATE_METADATA:
        return awaiting(torrent, info);
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
