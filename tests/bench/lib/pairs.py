"""bttui beside itself: what a way of being connected costs, as a part of what plain TCP does
with the same data at the same time. Both ends are bttui."""

import shutil
import time

import bttui
from lab import Skip
from measure import cpu_s
from own_network import refuse_tcp
from rivals import until

GIB = 1 << 30


class Pair:
    """One seeds to one that calls it, by plain TCP and then otherwise: CALLS and ANSWERS are
    the modes of encryption of the two then, and ENCRYPTION what comes of it; UTP: nobody
    listens for TCP then."""

    only_bttui = True

    def __init__(self, bench, calls="off", answers="off", encryption="none", utp=False):
        self.bench, self.utp, self.encryption = bench, utp, encryption
        self.modes = calls, answers
        self.size = bench.options.mib << 20
        self.data, self.torrent = bench.made(self.size)

    def transfer(self, utp, encryption, calls, answers):
        """Bytes a second between the first and the last, and the CPU seconds of both."""
        lab = self.bench.lab
        target = lab.new_dir("pair")
        seeder = bttui.Bttui(lab, self.torrent, self.data, f"--encryption={answers}",
                              name="seeder").seeding()
        port = seeder.port()
        if utp and not refuse_tcp(port):
            raise Skip("TCP cannot be refused here")
        before = cpu_s(seeder.process.pid)
        leecher = bttui.Bttui(lab, self.torrent, target, f"--encryption={calls}",
                              f"--peer=127.0.0.1:{port}", name="leecher")
        until(lambda: leecher.seen("completed"), "the leecher to have all", 0.02)
        # What is sent after the last byte is part of nothing, but little.
        down_s, up_s = cpu_s(leecher.process.pid), cpu_s(seeder.process.pid) - before
        began = next(event["time"] for event in leecher.seen("peer")
                     if event.get("status") == "downloading")
        self.check(leecher, "utp" if utp else "tcp", encryption)
        took = leecher.seen("completed")[0]["time"] - began
        for process in (leecher, seeder):
            process.finish()
        shutil.rmtree(target)
        time.sleep(0.1)
        return self.size / took, down_s, up_s

    @staticmethod
    def check(leecher, transport, encryption):
        kinds = {(event["transport"], event["encryption"]) for event in leecher.seen("peer")
                 if "transport" in event}
        assert kinds == {(transport, encryption)}, kinds

    def run(self, _client):
        plain = self.transfer(False, "none", "off", "off")
        other = self.transfer(self.utp, self.encryption, *self.modes)
        scale = self.size / GIB
        return {"mb_s": other[0] / 1e6, "of_plain": other[0] / plain[0],
                "down_cpu": other[1] / scale, "down_part": plain[1] / other[1],
                "up_cpu": other[2] / scale, "up_part": plain[2] / other[2],
                "both_part": (plain[1] + plain[2]) / (other[1] + other[2])}

    def bare(self):
        return None
