"""Peers that crawl or fall silent hold nothing up: what they were asked for is fetched from
the fast one, and little is fetched twice."""

import time

from bttui import Bttui
from clients import Libtorrent
from lab import check, check_equal, run
from payload import Payload
from wire_peer import WirePeer
from witness import Witness

SIZES = [15 << 20, 1 << 20, 70001]
FAST_RATE = 8 << 20


def download(lab, **slow):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    peer = WirePeer(lab, payload, host="127.0.0.2", **slow)
    fast = Libtorrent(lab, torrent, payload.dir, seed=True, up=FAST_RATE)
    with Witness(lab) as witness:
        bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--peer",
                      f"127.0.0.1:{fast.port}", "--exit-when-done")
        bttui.wait_done()
        lost_s = witness.lost_s()
    check_equal(payload.differences(target), [], "files that differ")
    times = [event["time"] for event in bttui.seen("piece", ok=True)]
    longest = max(after - before for before, after in zip(times, times[1:]))
    waste = fast.uploaded() / payload.total_bytes
    took = bttui.seen("completed")[0]["time"] - bttui.started_at
    print(f"        {took:.2f} s, longest pause {longest:.2f} s, the fast one sent {waste:.3f} "
          f"copies, the slow one {len(peer.sent)} blocks")
    check(longest < 8 + lost_s, f"a pause of {longest:.1f} s, and the machine lost {lost_s:.1f} s")
    check(waste < 1.05, f"the fast one sent {waste:.3f} copies")


def crawling(lab):
    download(lab, rate=40000)


def silent_from_the_start(lab):
    download(lab, silent_after=0)


def silent_later(lab):
    download(lab, silent_after=40)


run(crawling, silent_from_the_start, silent_later)
