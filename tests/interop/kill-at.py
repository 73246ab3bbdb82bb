"""SIGKILL at the N-th call that changes what is on disk (a write, also in its middle, a
sync, a rename, a link, an unlink, a new file or directory), for every N (HOSTILE.md R2,
R9): exactly what is on disk is found again, nothing of it is fetched twice, also when the
recovery is killed at its N-th change, and the download completes. BTTUI_FAULTS names the
program with faults; BTTUI_INTEROP_FULL=1 tries every N, otherwise every fifth."""

import concurrent.futures
import os
import random
import signal

from bttui import Bttui
from lab import Skip, check, check_equal, run
from payload import Payload
from wire_peer import WirePeer

SIZES = [90000, 0, 5, 60001]
PIECE_BYTES = 1 << 14
FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
AT_ONCE = 4
MOST = 500


def faults_path():
    path = os.environ.get("BTTUI_FAULTS")
    if not path or not os.access(path, os.X_OK):
        raise Skip("BTTUI_FAULTS names no program with faults")
    return os.path.abspath(path)


class Victim:
    """A download of its own that is killed and comes back."""

    def __init__(self, lab, payload, torrent):
        self.lab, self.payload, self.torrent = lab, payload, torrent
        self.peer = WirePeer(lab, payload)
        self.target, self.state = lab.new_dir("target"), lab.path(lab.unique("state"))

    def live(self, fault):
        """One life, to the end or to the fault. True: it was killed."""
        before = self.payload.valid_pieces(self.target)
        mark = len(self.peer.sent_since(0))
        bttui = Bttui(self.lab, self.torrent, self.target, "--peer", self.peer.address,
                      "--exit-when-done", state=self.state, program=faults_path(),
                      env={"BTTUI_FAULT": fault} if fault else {})
        status = bttui.wait(30)
        bttui.reader.join(5)
        check(status in (0, -signal.SIGKILL), f"exit status {status}")
        again = {piece for piece, _, _ in self.peer.sent_since(mark)} & before
        check_equal(again, set(), "pieces fetched again")
        if bttui.seen("checked"):
            check_equal(bttui.last("checked", "have"), len(before), "pieces found")
        verified = {event["index"] for event in bttui.seen("piece", ok=True)}
        check(verified <= self.payload.valid_pieces(self.target), "verified, not on disk")
        return status != 0


def die_and_recover(lab, payload, torrent, number, how):
    """False: there is no N-th change."""
    victim = Victim(lab, payload, torrent)
    fault = f"change:{number}:1:{how}"
    killed = victim.live(fault)
    if killed:
        victim.live(fault)  # the recovery, too
        check(not victim.live(None), "killed without a fault")
    check_equal(payload.differences(victim.target), [], "files that differ")
    return killed


def at_each_change(lab):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)
    torrent = payload.torrent(lab.path("payload.torrent"))
    step = 1 if FULL else 5
    first = 1 if FULL else random.SystemRandom().randrange(1, 6)
    numbers = list(range(first, MOST, step))
    print(f"        from change {first} on, every {step}")
    kills = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for begin in range(0, len(numbers), AT_ONCE):
            part = numbers[begin:begin + AT_ONCE]
            some = [pool.submit(die_and_recover, lab, payload, torrent, number, how)
                    for number in part for how in (("kill", "tear") if FULL else
                                                   (random.choice(("kill", "tear")),))]
            killed = [each.result() for each in some]
            kills += sum(killed)
            if not any(killed):
                break
    print(f"        {kills} kills, each with one in the recovery")
    check(kills * step > 25, "hardly anything was killed")


run(at_each_change, limit_s=900)
