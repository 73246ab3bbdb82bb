"""libtorrent, transmission, aria2 and rtorrent each complete a download from a seeding bttui:
found through opentracker, and named directly where the client can be told of a peer."""

import time

from bttui import Bttui
from clients import Aria2, Libtorrent, Rtorrent, Transmission
from lab import check, check_equal, run, wait_until
from payload import Payload
from trackers import Opentracker

SIZES = [5 << 20, 0, 3 << 20, 1, 70001]
NO_TRACKER = "http://127.0.0.1:9/announce"  # nobody listens there


def finish(payload, bttui, leecher, target, began):
    leecher.wait_complete()
    print(f"        {time.time() - began:.2f} s")
    if leecher.running():
        leecher.end()
    check_equal(payload.differences(target), [], "files that differ")
    wait_until(lambda: (bttui.last("progress", "uploaded_bytes") or 0) >= payload.total_bytes,
               "bttui to tell what it uploaded")
    check_equal(bttui.last("progress", "state"), "seeding", "state")
    check(not bttui.seen("ban"), "bttui banned an honest peer")
    bttui.finish()


def found_by_tracker(lab, client, **options):
    """The leecher comes last and is told of bttui."""
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    tracker.wait_seeders(payload)
    began = time.time()
    finish(payload, bttui, client(lab, torrent, target, **options), target, began)


def named(lab, client):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"), NO_TRACKER)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    peers, began = [("127.0.0.1", bttui.port())], time.time()
    finish(payload, bttui, client(lab, torrent, target, peers=peers), target, began)


def to_libtorrent(lab):
    found_by_tracker(lab, Libtorrent)


def to_libtorrent_named(lab):
    named(lab, Libtorrent)


def to_transmission(lab):
    """It takes no loopback address from a tracker: bttui comes last, and calls it. It makes
    no empty files."""
    payload = Payload(lab.new_dir("seed"), "payload", [size for size in SIZES if size > 0])
    target = lab.new_dir("target")
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.udp)
    leecher = Transmission(lab, payload.torrent(lab.path("same.torrent"), tracker.http), target)
    tracker.wait_leechers(payload)
    began = time.time()
    finish(payload, Bttui(lab, torrent, payload.dir).seeding(), leecher, target, began)


def super_seeded_libtorrents(lab):
    """Three of them, who know each other before there is anything to have, share what each is
    shown, so that hardly anything is sent twice. bttui comes last, and calls them."""
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    targets = [lab.new_dir("target") for _ in range(3)]
    leechers = []
    for target in targets:
        leechers.append(Libtorrent(lab, torrent, target))
        tracker.wait_leechers(payload, len(leechers))
    for leecher in leechers:
        wait_until(lambda one=leecher: one.peers() == 2, "each to be connected with both others")
    began = time.time()
    bttui = Bttui(lab, torrent, payload.dir, "--super-seed", "--max-up=4M").seeding()
    for leecher in leechers:
        leecher.wait_complete()
    wait_until(lambda: (bttui.last("progress", "uploaded_bytes") or 0) >= payload.total_bytes,
               "bttui to tell what it uploaded")
    copies = bttui.last("progress", "uploaded_bytes") / payload.total_bytes
    print(f"        {time.time() - began:.2f} s, {copies:.2f} copies")
    for target in targets:
        check_equal(payload.differences(target), [], "files that differ")
    check(copies < 1.4, "it is no super-seed")  # others sent up to 2
    check(not bttui.seen("ban"), "bttui banned an honest peer")
    bttui.finish()


def to_aria2(lab):
    found_by_tracker(lab, Aria2)


def to_rtorrent(lab):
    """It knows one peer an address: at bttui's it might know but itself."""
    found_by_tracker(lab, Rtorrent, host="127.0.0.2")


def to_rtorrent_named(lab):
    named(lab, Rtorrent)


run(to_libtorrent, to_libtorrent_named, to_transmission, to_aria2, to_rtorrent,
    to_rtorrent_named, super_seeded_libtorrents)
