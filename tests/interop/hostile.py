"""Eight honest seeds and two hundred hostile peers of more than twenty kinds at once: the
data come out right, those who must go are dropped or banned and nobody else is, memory and
the loop's lag stay bounded. Beside the same download without the hostile ones; how much
slower it is made is only printed, unless BTTUI_HOSTILE_MIB asks for the trial at its full
size (make check-interop-full), which measures in turn and judges the medians."""

import hashlib
import os
import resource
import signal
import statistics
import threading
import time

from bttui import Bttui, is_sanitized
from lab import Process, Skip, Slowness, check, check_equal, free_port, run, wait_until
from payload import bencode
from trackers import RecordingTracker

FULL = "BTTUI_HOSTILE_MIB" in os.environ
MIB = int(os.environ.get("BTTUI_HOSTILE_MIB", "32"))
RATE = int(os.environ.get("BTTUI_HOSTILE_RATE", str(3 << 20)))  # of each honest seed
ROUNDS = int(os.environ.get("BTTUI_HOSTILE_ROUNDS", "3"))
PIECE_BYTES = 1 << 18
HONEST = 8
EACH = 512 << 10  # what an attacker may cost

WAITING = ("corrupt", "corrupt-rarely", "mute", "a-block-a-minute", "a-byte-a-second",
           "reject-all", "flap", "twice", "impossible-pieces", "4-gib", "lengths", "oversize",
           "bencode-bomb", "request-flood", "cancel-flood", "reject-flood", "have-flood",
           "hint-flood", "interest-flood", "unknown-flood", "hello-flood",
           "keep-alive-flood", "never-reads", "another-torrent")
COMING = ("garbage", "http", "silent", "slow-loris", "come-and-go")
POISONERS = ("corrupt", "corrupt-rarely", "twice")
# What they say first is enough, once they were met.
DROPPED = ("4-gib", "lengths", "oversize", "bencode-bomb", "unknown-flood", "hello-flood",
           "keep-alive-flood", "another-torrent", "garbage", "http")
ALL = {**{kind: 7 for kind in WAITING}, **{kind: 7 for kind in COMING[:-1]}, "come-and-go": 4}


class Swarm(Process):
    """Peers of tests/interop/swarm; KINDS: {kind: how many}."""

    def __init__(self, lab, torrent, port, kinds, rate):
        path = os.path.join(os.environ.get("BTTUI_SWARM") or os.path.join(
            os.path.dirname(os.environ.get("BTTUI", "")), "tests/interop/hostile_swarm"))
        if not os.access(path, os.X_OK):
            raise Skip("hostile_swarm is not built")
        super().__init__(lab, "swarm", [
            path, torrent, str(MIB << 20), str(PIECE_BYTES), str(rate), str(port),
            *(f"{kind}={count}" for kind, count in kinds.items())])
        wait_until(lambda: not self.running() or "ready\n" in self.text(self.out),
                   "the swarm to stand ready")
        self.must_run()
        lines = [line.split() for line in self.lines()]
        self.sha1 = next(line[1] for line in lines if line[0] == "sha1")
        self.kind_of = {line[1]: line[2] for line in lines if line[0] == "peer"}

    def look(self):
        """How things stand: {kind: [(address, opened, dropped)]}"""
        before = self.lines().count("told")
        self.kill(signal.SIGUSR1)
        wait_until(lambda: self.lines().count("told") > before, "the swarm to tell")
        stand = {}
        for line in self.lines():
            word, *fields = line.split()
            if word == "at":
                stand[fields[0]] = fields[1], (fields[0], int(fields[2]), int(fields[3]))
        kinds = {}
        for kind, peer in stand.values():
            kinds.setdefault(kind, []).append(peer)
        return kinds

    def finish(self):
        check_equal(self.end(), 0, "the swarm's exit status")


class Peak:
    """The most memory a process has had, and the CPU it used: its own, while attackers and
    seeds use the same cores."""

    def __init__(self, process):
        self.bytes, self.cpu_s, self.process = 0, 0, process
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while self.process.running():
            try:
                with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as file:
                    for line in file:
                        if line.startswith("VmHWM:"):
                            self.bytes = max(self.bytes, int(line.split()[1]) << 10)
                with open(f"/proc/{self.process.process.pid}/stat", encoding="ascii") as file:
                    ticks = file.read().rsplit(")", 1)[1].split()[11:13]
                self.cpu_s = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
            except OSError:
                return
            time.sleep(0.05)


def sha1_of(path):
    digest = hashlib.sha1()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def few_descriptors(most):
    """For the new process: it may open at most so many."""
    return most and (lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


class Download:
    """One download from the honest seeds and, among them, KINDS; at most so many DESCRIPTORS."""

    def __init__(self, lab, kinds, descriptors=None):
        port, target, plain = free_port(), lab.new_dir("target"), lab.path("plain.torrent")
        self.honest = Swarm(lab, plain, port, {"honest": HONEST}, RATE)
        self.hostile = Swarm(lab, plain, port, kinds, 0) if kinds else None
        self.kind_of = {**self.honest.kind_of, **(self.hostile.kind_of if kinds else {})}
        tracker = RecordingTracker(lab, fixed=map(address, self.kind_of))
        with open(plain, "rb") as file:
            info = file.read()[1:]
        torrent = lab.path("payload.torrent")
        with open(torrent, "wb") as file:
            file.write(b"d" + bencode("announce") + bencode(tracker.url) + info)
        self.bttui = Bttui(lab, torrent, target, port=port, before=few_descriptors(descriptors))
        peak, slowness = Peak(self.bttui), Slowness(self.bttui)
        self.bttui.wait_event("completed")
        self.ends = self.wait_dropped() if kinds else {}
        self.bttui.finish()
        self.took_s = self.bttui.seen("completed")[0]["time"] - self.bttui.started_at
        peak.thread.join()
        self.peak, self.cpu_s = peak.bytes, peak.cpu_s
        self.lag_ms = slowness.late_ms(self.bttui)
        check_equal(sha1_of(os.path.join(target, "payload")), self.honest.sha1, "the payload")
        self.bans = {ban["address"] for ban in self.bttui.seen("ban")}
        self.honest_ends = self.honest.look()["honest"]
        for swarm in filter(None, (self.honest, self.hostile)):
            swarm.finish()

    def wait_dropped(self):
        """Until none is kept of those that must go, once they were met; how things stand then."""
        def look():
            ends = self.hostile.look()
            kept = [where for kind in DROPPED for where, opened, dropped in ends.get(kind, [])
                    if opened > 0 and dropped == 0]
            return None if kept else ends
        return wait_until(look, "all to be dropped that must be")

    def tell(self, name):
        print(f"        {name}: {MIB / self.took_s:.1f} MiB/s, {self.took_s:.2f} s, "
              f"{self.cpu_s * 1024 / MIB:.2f} CPU s/GiB, "
              f"peak {self.peak >> 20} MiB, lag {self.lag_ms:.0f} ms, {len(self.bans)} bans, "
              f"{len(self.bttui.seen('piece', ok=False))} bad pieces")

    def judge(self):
        for ban in self.bans:
            check(self.kind_of.get(ban) in POISONERS, f"banned: {ban} {self.kind_of.get(ban)}")
        for where, opened, _ in self.honest_ends:
            check(opened <= 1, f"the honest {where} was dropped and called {opened} times")
            reasons = {news["reason"] for news in self.bttui.seen("peer", address=where)}
            check(reasons <= {"", "both-seeds", "stopped"}, f"{where}: {reasons}")
        for kind in ("4-gib", "garbage", "http"):
            called = sum(opened for _, opened, _ in self.ends.get(kind, []))
            check(kind not in self.ends or called > 0, f"nobody met a peer of the kind {kind}")


def all_at_once(lab):
    clean = Download(lab, {})
    clean.tell("clean")
    clean.judge()
    hostile = Download(lab, ALL)
    hostile.tell("hostile")
    hostile.judge()
    check(hostile.bans, "nobody was banned")
    cost = (hostile.peak - clean.peak) / sum(ALL.values())
    print(f"        {clean.took_s / hostile.took_s:.2f} of the clean speed; "
          f"{cost / 1024:.0f} KiB an attacker")
    check(is_sanitized() or cost <= EACH, f"an attacker costs {cost / 1024:.0f} KiB")
    check(hostile.lag_ms <= (5000 if is_sanitized() else 1000),
          f"the loop was late by {hostile.lag_ms:.0f} ms")


def with_few_descriptors(lab):
    """P39: disk and state have theirs, however many come."""
    for most in (64, 32):
        few = Download(lab, {"mute": 10, "silent": 20, "slow-loris": 20, "come-and-go": 4}, most)
        few.tell(f"{most} descriptors")
        few.judge()
        errors = [error["message"] for error in few.bttui.seen("error")]
        check_equal(errors, [], f"errors with {most} descriptors")


def as_fast_as_without_them(lab):
    if not FULL:
        raise Skip("only at full size: BTTUI_HOSTILE_MIB")
    clean, hostile = [], []
    for _ in range(ROUNDS):
        for kinds, results in (({}, clean), (ALL, hostile)):
            results.append(Download(lab, kinds))
            results[-1].tell("hostile" if kinds else "clean")
            results[-1].judge()
    ratio = (statistics.median(each.took_s for each in clean) /
             statistics.median(each.took_s for each in hostile))
    lag_ms = statistics.median(each.lag_ms for each in hostile)
    cpu = (statistics.median(each.cpu_s for each in hostile) /
           statistics.median(each.cpu_s for each in clean))
    print(f"        {ratio:.3f} of the clean speed, lag {lag_ms:.0f} ms, "
          f"{cpu:.2f} times the CPU of its own")
    check(ratio >= 0.9, f"{ratio:.2f} of the clean speed")
    check(lag_ms <= 100, f"the loop was late by {lag_ms:.0f} ms")


def one_kind_at_a_time(lab):
    """What an attacker of each kind costs: twenty of them against none."""
    if not FULL:
        raise Skip("only at full size: BTTUI_HOSTILE_MIB")
    clean = Download(lab, {})
    clean.tell("clean")
    for kind in (*WAITING, *COMING):
        each = Download(lab, {kind: 20})
        each.tell(kind)
        each.judge()
        cost = (each.peak - clean.peak) / 20
        check(cost <= EACH, f"an attacker of the kind {kind} costs {cost / 1024:.0f} KiB")


run(all_at_once, with_few_descriptors, as_fast_as_without_them, one_kind_at_a_time)
