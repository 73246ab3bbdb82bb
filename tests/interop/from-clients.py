"""bttui downloads from a seeding transmission, aria2 and rtorrent, found through opentracker."""

import time

from bttui import Bttui
from clients import Aria2, Rtorrent, Transmission
from lab import check_equal, run
from payload import Payload
from trackers import Opentracker

SIZES = [5 << 20, 0, 3 << 20, 1, 70001]


def download(lab, client):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    client(lab, torrent, payload.dir, seed=True)
    tracker.wait_seeders(payload)
    target = lab.new_dir("target")
    bttui = Bttui(lab, torrent, target, "--exit-when-done")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    print(f"        {time.time() - bttui.started_at:.2f} s, "
          f"first piece after {bttui.first_piece_s():.3f} s")


def from_transmission(lab):
    download(lab, Transmission)


def from_aria2(lab):
    download(lab, Aria2)


def from_rtorrent(lab):
    download(lab, Rtorrent)


run(from_transmission, from_aria2, from_rtorrent)
