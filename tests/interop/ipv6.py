"""The same over IPv6: peers named, peers from a tracker's peers6, and being called at [::1]."""

from bttui import Bttui
from clients import Libtorrent
from lab import Skip, check, check_equal, has_ipv6, run
from payload import Payload
from trackers import RecordingTracker
from wire_peer import WirePeer

SIZES = [3 << 20, 0, 70001]


def make(lab):
    if not has_ipv6():
        raise Skip("no IPv6 here")
    return Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")


def finish(payload, target, *clients):
    for client in clients:
        check(any(event["address"].startswith("[::1]:") for event in client.seen("peer")),
              f"{client.name}: no peer event of an IPv6 address")
    check_equal(payload.differences(target), [], "files that differ")


def named_peer(lab):
    payload, target = make(lab)
    torrent = payload.torrent(lab.path("payload.torrent"))
    seeder = Libtorrent(lab, torrent, payload.dir, seed=True, host="::1")
    bttui = Bttui(lab, torrent, target, "--peer", f"[::1]:{seeder.port}", "--exit-when-done")
    bttui.wait_done()
    finish(payload, target, bttui)


def peers6_of_a_tracker(lab):
    """A tracker at an IPv4 address that knows an IPv6 peer."""
    payload, target = make(lab)
    peer = WirePeer(lab, payload, host="::1")
    tracker = RecordingTracker(lab, fixed=[("::1", peer.port)])
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    bttui = Bttui(lab, torrent, target, "--exit-when-done")
    bttui.wait_done()
    finish(payload, target, bttui)


def called_through_a_tracker_at_an_ipv6_address(lab):
    payload, target = make(lab)
    tracker = RecordingTracker(lab, host="::1")
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    seeder = Bttui(lab, torrent, payload.dir).seeding()
    tracker.wait_events("started")
    leecher = Libtorrent(lab, torrent, target, host="::1")
    leecher.wait_complete()
    leecher.end()
    finish(payload, target, seeder)
    seeder.finish()


run(named_peer, peers6_of_a_tracker, called_through_a_tracker_at_an_ipv6_address)
