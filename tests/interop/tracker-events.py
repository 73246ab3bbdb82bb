"""What trackers are told, and a tracker whose certificate nobody vouches for."""

from bttui import Bttui
from lab import check, check_equal, run, wait_until
from payload import Payload
from trackers import Opentracker, RecordingTracker, self_signed
from wire_peer import WirePeer

SIZES = [1 << 20, 70001]


def make(lab):
    return Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")


def life_of_a_download(lab):  # H26
    """started, completed and stopped, each once and in order, with the right counters."""
    payload, target = make(lab)
    tracker = RecordingTracker(lab)
    peer = WirePeer(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    bttui = Bttui(lab, torrent, target, "--peer", peer.address)
    bttui.wait_event("completed")
    tracker.wait_events("started", "completed")
    wait_until(lambda: len(bttui.seen("tracker", ok=True)) == 2, "both answers")
    bttui.finish()
    tracker.wait_events("stopped")
    check_equal(tracker.events(), ["started", "completed", "stopped"], "events told")
    announces = tracker.announces
    for announce in announces:
        check_equal(announce["info_hash"].encode("latin-1"), payload.infohash, "info_hash")
        check_equal(announce["port"], str(bttui.port()), "port")
        check_equal(announce["compact"], "1", "compact")
        check_equal(announce["peer_id"], announces[0]["peer_id"], "peer_id")
        check_equal(announce["key"], announces[0]["key"], "key")
    check_equal([announce["left"] for announce in announces],
                [str(payload.total_bytes), "0", "0"], "left")
    check_equal([announce["downloaded"] for announce in announces],
                ["0", str(payload.total_bytes), str(payload.total_bytes)], "downloaded")
    check_equal({announce["uploaded"] for announce in announces}, {"0"}, "uploaded")


def life_of_a_seed(lab):  # H26
    """One that was complete at the start never says `completed`."""
    payload, _ = make(lab)
    tracker = RecordingTracker(lab)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    tracker.wait_events("started")
    bttui.wait_event("tracker", ok=True)
    bttui.finish()
    tracker.wait_events("stopped")
    check_equal(tracker.events(), ["started", "stopped"], "events told")
    check_equal({announce["left"] for announce in tracker.announces}, {"0"}, "left")


def done_and_gone(lab):  # H26
    """--exit-when-done ends at once, and says all the same what it has to say."""
    payload, target = make(lab)
    tracker = RecordingTracker(lab)
    peer = WirePeer(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    tracker.wait_events("stopped")
    check_equal(tracker.events()[0], "started", "first event")
    check_equal(tracker.events()[-1], "stopped", "last event")
    check_equal(tracker.events().count("completed"), 1, "completed told")


def leaving_over_udp(lab):
    """Opentracker forgets who says `stopped`."""
    payload, _ = make(lab)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.udp)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    tracker.wait_seeders(payload)
    bttui.finish()
    wait_until(lambda: tracker.counts(payload) == (0, 0), "opentracker to forget us")


def every_tier_is_told(lab):
    payload, _ = make(lab)
    trackers = [RecordingTracker(lab) for _ in range(3)]
    torrent = payload.torrent(lab.path("payload.torrent"), *[each.url for each in trackers])
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    for tracker in trackers:
        tracker.wait_events("started")
    wait_until(lambda: len(bttui.seen("tracker", ok=True)) >= 3, "three answers")
    bttui.finish()
    for tracker in trackers:
        tracker.wait_events("stopped")
        check_equal(tracker.events(), ["started", "stopped"], "events told")


def self_signed_certificate(lab):  # H14
    """The connection is refused with a reason, and never tried in clear."""
    payload, target = make(lab)
    tracker = RecordingTracker(lab, certificate=self_signed(lab))
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    bttui = Bttui(lab, torrent, target)
    event = bttui.wait_event("tracker")
    check_equal(event["ok"], False, "ok")
    check("certificate" in event["message"].lower(), f"no reason: {event['message']!r}")
    bttui.finish()
    check_equal(tracker.events(), [], "what the tracker was told")


run(life_of_a_download, life_of_a_seed, done_and_gone, leaving_over_udp, every_tier_is_told,
    self_signed_certificate)
