"""A swarm: one seeder with a slow link and eight leechers on fast ones, who have to share.
All bttui, all libtorrent, four of each, and thirty of whom ten give nothing. LAB_MIB (64 for
the figures) says how much."""

import os
import statistics
import time

from bttui import Bttui
from clients import Libtorrent
from lab import Skip, check, check_equal, run
from network import Network
from payload import Payload
from witness import Witness

PORT = 6881
FIGURES = "LAB_MIB" in os.environ
MIB = int(os.environ.get("LAB_MIB", "8"))
SEED_RATE = float(os.environ.get("LAB_SEED_RATE", "10e6"))  # bytes a second
PIECE_BYTES = max(16384, MIB << 12)  # 256 pieces
LEECHERS = 8
SEEDER_LINK = {"up": SEED_RATE, "delay": 1}
LEECHER_LINK = {"delay": 1, "large": 1}


class Swarm:
    """KINDS: "bttui" or "libtorrent" for each leecher; the seeder is of kind SEEDER."""

    def __init__(self, lab, seeder, kinds, seeder_link=None, leecher_link=None, riders=()):
        self.lab = lab
        self.lost_s = 0  # what the machine took for itself while they downloaded
        self.riders = riders  # names of those that give nothing
        self.names = [f"leecher{i}" for i in range(len(kinds))]
        self.network = Network(lab, {"seeder": seeder_link or SEEDER_LINK,
                                     **{name: leecher_link or LEECHER_LINK
                                        for name in self.names}})
        self.payload = Payload(lab.new_dir("seed"), "payload", [MIB << 20],
                               piece_bytes=PIECE_BYTES)
        self.torrent = self.payload.torrent(lab.path("payload.torrent"))
        self.seeder = self._start("seeder", seeder, self.payload.dir, seed=True)
        self.began = time.monotonic()
        self.dirs = [lab.new_dir("target") for _ in kinds]
        self.leechers = [self._start(name, kind, directory, seed=False) for name, kind, directory
                         in zip(self.names, kinds, self.dirs)]

    def _start(self, name, kind, directory, seed):
        """Each knows all others from the start; who is not there yet comes to it."""
        peers = [] if seed else [(self.network.address[other], PORT)
                                 for other in ["seeder", *self.names] if other != name]
        with self.network.on(name):
            if kind == "bttui":
                options = [f"--peer={host}:{port}" for host, port in peers]
                if name in self.riders:
                    options.append("--max-up=1")
                client = Bttui(self.lab, self.torrent, directory, *options, port=PORT, name=name)
                return client.seeding() if seed else client
            return Libtorrent(self.lab, self.torrent, directory, seed=seed, port=PORT,
                              host=self.network.address[name], peers=peers)

    def _complete(self, client):
        if isinstance(client, Bttui):
            return bool(client.seen("completed"))
        return client.complete()

    def run(self):
        """Seconds from the first leecher's start until each had everything."""
        done = {}
        witness = Witness(self.lab)
        with witness:
            self._wait_done(done)
        self.lost_s = witness.lost_s()
        for client in [*self.leechers, self.seeder]:
            client.end()
        for directory in self.dirs:
            check_equal(self.payload.differences(directory), [], "files that differ")
        return [done[i] for i in range(len(self.leechers))]

    def _wait_done(self, done):
        while len(done) < len(self.leechers):
            for i, client in enumerate(self.leechers):
                client.must_run()
                if i not in done and self._complete(client):
                    done[i] = time.monotonic() - self.began
            time.sleep(0.01)
            check(time.monotonic() - self.began < 600, f"only {len(done)} completed in 600 s")

    def copies(self):
        """How often the seeder sent the whole; protocol and headers are in it."""
        return self.network.end()["seeder"]["bytes"] / self.payload.total_bytes


def trial(lab, what, seeder, kinds):
    swarm = Swarm(lab, seeder, kinds)
    congestion_control = swarm.network.congestion_control("seeder")
    took = swarm.run()
    print(f"        {what}, {congestion_control}: last of {len(kinds)} has {MIB} MiB after {max(took):.2f} s, first "
          f"after {min(took):.2f} s; one copy takes the seeder {(MIB << 20) / SEED_RATE:.2f} s, "
          f"it sent {swarm.copies():.2f}, the machine took {swarm.lost_s:.2f} s")
    return took, swarm.lost_s


def all_bttui(lab):
    took, lost_s = trial(lab, "bttui", "bttui", ["bttui"] * LEECHERS)
    one_copy_s = (MIB << 20) / SEED_RATE
    check(max(took) - lost_s < 4 * one_copy_s + 6, "the leechers do not share")


def all_libtorrent(lab):
    if not FIGURES:
        raise Skip("only for figures: LAB_MIB")
    trial(lab, "libtorrent", "libtorrent", ["libtorrent"] * LEECHERS)


def mixed(lab):
    """Neither kind starves."""
    kinds = ["bttui", "libtorrent"] * (LEECHERS // 2)
    took, lost_s = trial(lab, "four of each", "bttui", kinds)
    last = {kind: max(s for s, k in zip(took, kinds) if k == kind) for kind in set(kinds)}
    print(f"        last bttui {last['bttui']:.2f} s, last libtorrent {last['libtorrent']:.2f} s")
    slower, faster = max(last.values()), min(last.values())
    check(slower - lost_s < 2 * faster + 5, f"one kind starves: {last}")


def free_riders(lab):
    """Twenty who give and ten who do not, and no limit but the lines': most of those who give
    have all before the first of the others."""
    if not FIGURES:
        raise Skip("only for figures: LAB_MIB")
    givers, riders = 20, 10
    line = {"up": SEED_RATE / 20, "delay": 1}
    swarm = Swarm(lab, "bttui", ["bttui"] * (givers + riders), {**line, "up": line["up"] * 4},
                  line, [f"leecher{i}" for i in range(givers, givers + riders)])
    took = swarm.run()
    early = sum(s < min(took[givers:]) for s in took[:givers])
    print(f"        {MIB} MiB: {early} of {givers} who give before the first who does not: after "
          f"{min(took[:givers]):.1f}-{max(took[:givers]):.1f} s, half of them after "
          f"{statistics.median(took[:givers]):.1f}, those who do not after "
          f"{min(took[givers:]):.1f}-{max(took[givers:]):.1f} s")
    check(statistics.quantiles(took[:givers], n=4)[2] < min(took[givers:]),
          "those who give nothing are served first")


run(all_bttui, all_libtorrent, mixed, free_riders, limit_s=900)
