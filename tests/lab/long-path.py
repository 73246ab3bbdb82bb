"""A long path: one seeder behind 100 Mbit/s and 100 ms there and back (LAB_RTT_MS). bttui and
libtorrent download the same from the same seeder, in turn, LAB_RUNS times (5): from bttui,
from libtorrent, and from a raw seeder that is never the bottleneck. LAB_MIB (64 for the
figures) says how much. The machine's other work spoils the path's timing: run as root under
chrt -r 1, both clients and the path come before it."""

import contextlib
import os
import statistics
import time

from bttui import Bttui
from clients import Libtorrent
from lab import Process, Skip, check, check_equal, run, wait_until
from network import MBIT, Network
from payload import Payload
from witness import Witness

PORT = 6881
RAW_PIECE_BYTES = 1 << 18
FIGURES = "LAB_MIB" in os.environ
MIB = int(os.environ.get("LAB_MIB", "8"))
RUNS = int(os.environ.get("LAB_RUNS", "5")) if FIGURES else 1
RTT_MS = int(os.environ.get("LAB_RTT_MS", "100"))
LINK = {"up": 100 * MBIT, "down": 100 * MBIT, "delay": RTT_MS // 4}


def make(lab):
    network = Network(lab, {"seeder": LINK, "leecher": LINK})
    payload = Payload(lab.new_dir("seed"), "payload", [MIB << 20])
    return network, payload, payload.torrent(lab.path("payload.torrent"))


def seed_with_bttui(lab, network, payload, torrent):
    with network.on("seeder"):
        return Bttui(lab, torrent, payload.dir, port=PORT, name="seeder").seeding()


def seed_with_libtorrent(lab, network, payload, torrent):
    with network.on("seeder"):
        return Libtorrent(lab, torrent, payload.dir, seed=True, port=PORT,
                          host=network.address["seeder"])


def seed_raw(lab, network, payload, torrent):
    with network.on("seeder"):
        seeder = Process(lab, "raw-seeder", [
            os.environ["BTTUI_BENCH_SEEDER"], "-a", network.address["seeder"], torrent,
            str(payload.total_bytes), str(RAW_PIECE_BYTES), str(PORT)])
    wait_until(lambda: "ready" in seeder.text(seeder.out), "the seeder")
    return seeder


def bttui_takes(lab, network, _payload, torrent):
    directory = lab.new_dir("target")
    seeder = network.address["seeder"]
    with network.on("leecher"), Witness(lab) as witness:
        began = time.monotonic()
        leecher = Bttui(lab, torrent, directory, f"--peer={seeder}:{PORT}", name="leecher")
        leecher.wait_event("completed")
        took_s, lost_s = time.monotonic() - began, witness.lost_s()
    leecher.finish()
    return took_s, lost_s, directory


def libtorrent_takes(lab, network, _payload, torrent):
    with network.on("leecher"):
        began = time.monotonic()
        leecher = Libtorrent(lab, torrent, lab.new_dir("target"), port=PORT,
                             host=network.address["leecher"],
                             peers=[(network.address["seeder"], PORT)])
        leecher.wait_complete()
        took_s = time.monotonic() - began
    leecher.end()
    return took_s


def times(client, runs):
    return (f"{client} {statistics.median(runs):.2f} s (median of {len(runs)}, "
            f"{min(runs):.2f} to {max(runs):.2f})")


def report(network, what, bttui_s, libtorrent_s):
    link_s = (MIB << 20) / LINK["up"]
    print(f"        {MIB} MiB from {what}, {RTT_MS} ms, the link alone {link_s:.2f} s, "
          f"{network.congestion_control('leecher')}, load {os.getloadavg()[0]:.1f}:")
    print(f"        {times('bttui', bttui_s)}")
    if libtorrent_s:
        ratio = statistics.median(bttui_s) / statistics.median(libtorrent_s)
        print(f"        {times('libtorrent', libtorrent_s)}: bttui takes {ratio:.2f} of it")


def trial(lab, what, seed):
    arguments = (lab, *make(lab))
    seeder = seed(*arguments)
    bttui_s, own_s, libtorrent_s = [], [], []
    for _ in range(RUNS):
        took_s, lost_s, directory = bttui_takes(*arguments)
        bttui_s.append(took_s)
        own_s.append(took_s - lost_s)
        if seed is not seed_raw:
            check_equal(arguments[2].differences(directory), [], "files that differ")
        with contextlib.suppress(Skip):
            if FIGURES:
                libtorrent_s.append(libtorrent_takes(*arguments))
    report(arguments[1], what, bttui_s, libtorrent_s)
    seeder.must_run()
    # Slow start and the first round trips cost something; idling half of the time is a fault.
    link_s = (MIB << 20) / LINK["up"]
    check(statistics.median(own_s) < 2 * link_s + 4,
          f"{statistics.median(own_s):.1f} s, without what the machine took, where the link takes "
          f"{link_s:.1f}")


def from_bttui(lab):
    trial(lab, "bttui", seed_with_bttui)


def from_libtorrent(lab):
    trial(lab, "libtorrent", seed_with_libtorrent)


def from_raw_seeder(lab):
    """Its payload is its own: here the hashes say whether what came is right."""
    if not FIGURES:
        raise Skip("only for figures: LAB_MIB")
    trial(lab, "a raw seeder", seed_raw)


run(from_bttui, from_libtorrent, from_raw_seeder)
