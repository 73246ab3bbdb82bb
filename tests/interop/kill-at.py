"""SIGKILL at the N-th call that changes what is on disk (a write, also in its middle, a
sync, a rename, a link, an unlink, a new file or directory), for every N (HOSTILE.md R2,
R9), or at the N-th read of a check: exactly what is on disk is found again, nothing of it
is fetched twice, also when the recovery is killed at its N-th change, and the download
completes; what was chosen is kept. BTTUI_FAULTS names the program with faults;
BTTUI_INTEROP_FULL=1 tries every N, otherwise some."""

import concurrent.futures
import os
import random
import shutil
import signal

from bttui import Bttui
from lab import Skip, check, check_equal, run, wait_until
from mover import Mover, other_file_system
from payload import Payload
from wire_peer import WirePeer

SIZES = [90000, 0, 5, 60001]
CHECKED_SIZES = [5 << 20, 0, 1 << 20]
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
        status = bttui.wait()
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


def damage(payload, target, piece):
    """A byte of that piece, which lies in the first file, behind bttui's back."""
    with open(payload.file(target, payload.paths[0]), "r+b") as file:
        file.seek(piece * payload.piece_bytes)
        byte = file.read(1)
        file.seek(piece * payload.piece_bytes)
        file.write(bytes([byte[0] ^ 1]))


def claimed_wrongly(payload, target, state):
    """Pieces that the resume data claim and that are not there."""
    try:
        with open(os.path.join(state, "resume", payload.infohash.hex()), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return set()
    length, rest = data.split(b"4:have", 1)[1].split(b":", 1)
    bits = rest[:int(length)]
    return {index for index in range(payload.piece_count)
            if bits[index // 8] >> (7 - index % 8) & 1} - payload.valid_pieces(target)


def check_and_die(lab, payload, torrent, number):
    """Files are there that nothing is known of, and then a piece is damaged: each time the
    check is killed at its N-th read. False: there is no N-th read."""
    peer, target, state = WirePeer(lab, payload), lab.new_dir("target"), lab.new_dir("state")
    shutil.copytree(payload.file(payload.dir, ""), payload.file(target, ""))
    killed = 0
    for piece in (1, 5):
        damage(payload, target, piece)
        bttui = Bttui(lab, torrent, target, "--exit-when-done", state=state,
                      program=faults_path(),
                      env={"BTTUI_FAULT": f"pread@payload:{number}:1:kill"})
        wait_until(lambda: not bttui.running() or bttui.seen("checked"), "a kill or a check")
        if bttui.running():
            bttui.kill(signal.SIGKILL)
        else:
            killed += 1
        bttui.wait()
        check_equal(claimed_wrongly(payload, target, state), set(), "claimed, not on disk")
    Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done",
          state=state).wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check_equal({piece for piece, _, _ in peer.sent_since(0)}, {1, 5}, "pieces fetched")
    return killed == 2


def at_each_read_of_a_check(lab):
    """What is wrong on disk is never claimed, and it alone is fetched in the end."""
    payload = Payload(lab.new_dir("seed"), "payload", CHECKED_SIZES, piece_bytes=1 << 18)
    torrent = payload.torrent(lab.path("payload.torrent"))
    kills = 0
    for number in range(1, MOST, 1 if FULL else 8):
        if not check_and_die(lab, payload, torrent, number):
            break
        kills += 1
    print(f"        {kills} kills")
    check(kills > 1, "hardly anything was killed")


def names_it(payload, state):
    """Whether the saved list does."""
    try:
        with open(os.path.join(state, "session"), "rb") as file:
            return payload.infohash in file.read()
    except FileNotFoundError:
        return False


def choose_and_die(lab, payload, torrent, number):
    """Added to a directory of its own, with one file chosen; then killed at its N-th change,
    and given again with neither. False: there is no N-th change."""
    peer, state = WirePeer(lab, payload), lab.path(lab.unique("state"))
    chosen, other = lab.new_dir("chosen"), lab.new_dir("other")
    peers = ("--peer", peer.address, "--exit-when-done")
    first = Bttui(lab, torrent, chosen, *peers, "--select", "1", state=state,
                  program=faults_path(), env={"BTTUI_FAULT": f"change:{number}:1:kill"})
    killed = first.wait() != 0
    named = names_it(payload, state)
    check_equal(Bttui(lab, torrent, other, *peers, state=state).wait(), 0, "exit status")
    if named:
        check_equal(os.listdir(other), [], "files in the other directory")
        wrong = payload.differences(chosen)
        check(payload.paths[0] not in wrong and payload.paths[3] in wrong,
              f"of the files chosen: {wrong} differ")
    else:
        check(payload.paths[0] not in payload.differences(other), "the file chosen differs")
    return killed


def a_choice_goes_with_the_list(lab):
    """Once the list names it, its directory and the choice of files are known, too."""
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)
    torrent = payload.torrent(lab.path("payload.torrent"))
    step = 1 if FULL else 3
    numbers = list(range(1 if FULL else random.SystemRandom().randrange(1, 4), MOST, step))
    kills = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for begin in range(0, len(numbers), AT_ONCE):
            some = [pool.submit(choose_and_die, lab, payload, torrent, number)
                    for number in numbers[begin:begin + AT_ONCE]]
            killed = [each.result() for each in some]
            kills += sum(killed)
            if not any(killed):
                break
    check(kills * step > 25, "hardly anything was killed")


def die_while_moving(lab, payload, torrent, target, number):
    mover = Mover(lab, payload, torrent, target, program=faults_path())
    fault = f"change:{number}:1:{random.choice(('kill', 'tear'))}"
    killed = mover.live(fault)
    if killed:
        mover.live(fault)  # the recovery, too
        check(not mover.live(None), "killed without a fault")
    mover.check_end()
    return killed


def move_to(lab, new_target):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)
    torrent = payload.torrent(lab.path("payload.torrent"))
    step, kills = 1 if FULL else 3, 0
    first = 1 if FULL else random.SystemRandom().randrange(1, step + 1)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for begin in range(first, MOST, step * AT_ONCE):
            some = [pool.submit(die_while_moving, lab, payload, torrent, new_target(), number)
                    for number in range(begin, begin + step * AT_ONCE, step)]
            killed = [each.result() for each in some]
            kills += sum(killed)
            if not any(killed):
                break
    print(f"        {kills} kills, each with one in the recovery")
    check(kills * step > 25, "hardly anything was killed")


def while_moving(lab):
    move_to(lab, lambda: lab.new_dir("target"))


def while_copying(lab):
    """To another file system."""
    new_target = other_file_system(lab)
    move_to(lab, new_target)


run(at_each_change, at_each_read_of_a_check, a_choice_goes_with_the_list, while_moving,
    while_copying, limit_s=900)
