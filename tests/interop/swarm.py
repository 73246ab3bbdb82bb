"""bttui to bttui: one slow seeder and several leechers, which share what they have. They are
there before it is."""

import time

from bttui import Bttui
from lab import check, check_equal, run, wait_until
from payload import Payload
from trackers import Opentracker

LEECHERS = 6
SIZES = [7 << 20, 0, 5 << 20, 70001]
SEED_RATE = 4 << 20


def swarm(lab):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=1 << 17)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    leechers = [Bttui(lab, torrent, lab.new_dir("target"), name="leecher")
                for _ in range(LEECHERS)]
    tracker.wait_leechers(payload, LEECHERS)
    began = time.time()
    seeder = Bttui(lab, torrent, payload.dir, "--max-up", str(SEED_RATE), name="seeder").seeding()
    for leecher in leechers:
        leecher.wait_event("completed")
    last = max(leecher.seen("completed")[0]["time"] for leecher in leechers) - began
    for leecher in leechers:
        check_equal(payload.differences(leecher.directory), [], "files that differ")
        check(not leecher.seen("ban"), f"{leecher.name} banned somebody")
        check_equal(leecher.seen("piece", ok=False), [], "pieces that failed")
    for client in [seeder, *leechers]:
        client.finish()
    sent = sum(client.last("progress", "uploaded_bytes") for client in [seeder, *leechers])
    by_seeder = seeder.last("progress", "uploaded_bytes") / payload.total_bytes
    print(f"        {LEECHERS} leechers in {last:.2f} s; one copy takes the seeder "
          f"{payload.total_bytes / SEED_RATE:.2f} s; it sent {by_seeder:.2f} copies")
    check(sent >= LEECHERS * payload.total_bytes * 0.95, f"only {sent} bytes were sent")
    check(by_seeder < LEECHERS / 2, f"the seeder sent {by_seeder:.2f} copies: nobody shares")


run(swarm)
