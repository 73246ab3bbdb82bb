"""kill -9 in the middle of a download or a move, or while it ends, more than once: what was
on disk is found again, nothing wrong is claimed, no verified piece is fetched twice, and
the download completes (HOSTILE.md R1). BTTUI_INTEROP_FULL=1: 200 kills at random of each
instead of four."""

import glob
import hashlib
import os
import random
import signal
import time

from bttui import Bttui
from lab import check, check_equal, run, wait_until
from mover import Mover, other_file_system
from payload import Payload, bencode
from wire_peer import WirePeer

SIZES = [4 << 20, 0, 5 << 20, 5, 2 << 20, 130001]
PIECE_BYTES = 1 << 16
RATE = 6 << 20
MANY = 1000 if os.environ.get("BTTUI_INTEROP_FULL") else 300
SOON = MANY // 10  # are written within the time of an end, though a disk takes 50 ms for each
ROUNDS = 50 if os.environ.get("BTTUI_INTEROP_FULL") else 1


def claimed_pieces(state, payload):
    """Pieces that the resume file claims; none when there is no whole one yet."""
    path = os.path.join(state, "resume", payload.infohash.hex())
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return set()
    mark = b"4:have"
    at = data.find(mark) + len(mark)
    check(at > len(mark), "the resume file claims nothing readable")
    length, rest = data[at:].split(b":", 1)
    bits = rest[:int(length)]
    return {index for index in range(payload.piece_count)
            if bits[index // 8] >> (7 - index % 8) & 1}


def check_disk(payload, target, state, verified):
    """What is really on disk at a kill; nothing beyond it may have been claimed."""
    valid = payload.valid_pieces(target)
    check(verified <= valid, f"verified, but not on disk: {sorted(verified - valid)}")
    claimed = claimed_pieces(state, payload)
    check(claimed <= valid, f"claimed, but not on disk: {sorted(claimed - valid)}")
    return valid


def is_stopped(pid):
    """All of its threads, none of which changes anything on disk any more; or it has ended."""
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(path, encoding="ascii") as file:
                if file.read().rsplit(")", 1)[1].split()[0] not in "TZX":
                    return False
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            pass
    return True


def run_once(lab, payload, torrent, target, state, peer, kill_at, **options):
    """Lets bttui run until KILL_AT pieces or the end. What was valid before must be found,
    and none of it asked for again."""
    before = payload.valid_pieces(target)
    mark = len(peer.sent_since(0))
    told = ["--peer", peer.address] if options.get("told", True) else []
    bttui = Bttui(lab, torrent, target, *told, "--exit-when-done", state=state)
    bttui.wait_event("checked")
    if kill_at is not None:
        options.get("until", lambda each: each.wait_pieces(kill_at))(bttui)
        options.get("end", lambda each: each.kill(signal.SIGKILL))(bttui)
        bttui.wait()
    else:
        bttui.wait_done()
    check_equal(bttui.last("checked", "have"), len(before), "pieces found at the start")
    again = {piece for piece, _, _ in peer.sent_since(mark)} & before
    check_equal(again, set(), "pieces fetched again")
    return {event["index"] for event in bttui.seen("piece", ok=True)} | before


def at_random_points(lab):
    for _ in range(ROUNDS):
        one_round(lab)


def while_it_ends(lab):
    """SIGTERM, and SIGKILL while it is saving; or it has ended before."""
    def end(bttui):
        bttui.kill(signal.SIGTERM)
        time.sleep(random.uniform(0, 0.03))
        if bttui.running():
            bttui.kill(signal.SIGKILL)
    for _ in range(ROUNDS):
        one_round(lab, end=end)


def move_and_die(lab, payload, torrent, new_target, life_s):
    """Killed up to four times on the way; one of the places is always whole."""
    mover = Mover(lab, payload, torrent, new_target())

    def kill(bttui):
        time.sleep(random.uniform(0, life_s))
        if random.randrange(4) == 0 and bttui.seen("listening"):  # while it ends, too
            bttui.kill(signal.SIGTERM)
            time.sleep(random.uniform(0, 0.03))
        if bttui.running():
            bttui.kill(signal.SIGKILL)
    kills = 0
    for _ in range(4):
        kills += mover.live(meanwhile=kill)
    mover.live()
    mover.check_end()
    return kills


def move_to(lab, new_target):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)
    torrent = payload.torrent(lab.path("payload.torrent"))
    first = Mover(lab, payload, torrent, new_target())
    began = time.monotonic()
    first.live()
    life_s = time.monotonic() - began  # with the move, here and now
    kills = rounds = 0
    while rounds < 2 * ROUNDS or kills == 0 and rounds < 40:  # a life may end before its kill
        kills += move_and_die(lab, payload, torrent, new_target, life_s)
        rounds += 1
    print(f"        {kills} kills within {life_s:.3f} s each")
    check(kills > 0, "nothing was killed")


def while_moving(lab):
    move_to(lab, lambda: lab.new_dir("target"))


def while_copying(lab):
    """To another file system."""
    move_to(lab, other_file_system(lab))


def one_round(lab, **options):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES), \
        lab.new_dir("target")
    state, peer = lab.new_dir("state"), WirePeer(lab, payload, rate=RATE)
    torrent = payload.torrent(lab.path(lab.unique("payload.torrent")))
    source = random.SystemRandom()
    kills = [source.randrange(1, 45) for _ in range(4)]
    print(f"        kills after {kills} pieces")
    for kill_at in kills:
        verified = run_once(lab, payload, torrent, target, state, peer, kill_at, **options)
        check_disk(payload, target, state, verified)
    run_once(lab, payload, torrent, target, state, peer, None)
    check_equal(payload.differences(target), [], "files that differ")


def after_a_checkpoint(lab):
    """With a resume file that claims some pieces, and more on disk than it claims; and
    nobody tells again of the peer there was."""
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES), \
        lab.new_dir("target")
    state, peer = lab.new_dir("state"), WirePeer(lab, payload, rate=RATE // 30)
    torrent = payload.torrent(lab.path("payload.torrent"))

    def more_than_it_claims(bttui):
        """Leaves it stopped, with more on disk than a checkpoint of some pieces claims."""
        def look():
            bttui.kill(signal.SIGSTOP)
            wait_until(lambda: is_stopped(bttui.process.pid), "it to stop")
            claimed = claimed_pieces(state, payload)
            if claimed and len(payload.valid_pieces(target)) > len(claimed):
                return True
            bttui.kill(signal.SIGCONT)
            check(bttui.running(), "it ended before it had claimed anything")
            time.sleep(0.1)
            return False
        wait_until(look, "more on disk than is claimed")

    verified = run_once(lab, payload, torrent, target, state, peer, 1,
                        until=more_than_it_claims)
    valid = check_disk(payload, target, state, verified)
    claimed = claimed_pieces(state, payload)
    check(claimed, "nothing was claimed")
    check(len(valid) > len(claimed), "nothing on disk beyond the claims")
    peer.rate = 0
    run_once(lab, payload, torrent, target, state, peer, None, told=False)
    check_equal(payload.differences(target), [], "files that differ")


def small_torrents(directory, count):
    """Torrent files by their infohash."""
    files = {}
    for i in range(count):
        info = bencode({"name": f"{i:06}", "length": 5, "piece length": 32768,
                        "pieces": b"%020d" % i})
        path = os.path.join(directory, f"{i}.torrent")
        with open(path, "wb") as file:
            file.write(b"d4:info" + info + b"e")
        files[hashlib.sha1(info).digest()] = path
    return files


def named(state):
    """Info-hashes on the saved list."""
    try:
        with open(os.path.join(state, "session"), "rb") as file:
            return {part[:20] for part in file.read().split(b"4:hash20:")[1:]}
    except FileNotFoundError:
        return set()


def while_many_are_added(lab):
    """The list names none whose .torrent is not there whole, and comes back as it is; an
    orderly end, however soon, keeps them all."""
    files, target = small_torrents(lab.new_dir("torrents"), MANY), lab.new_dir("target")
    counts = []
    for _ in range(20 if ROUNDS > 1 else 2):
        state = lab.new_dir("state")
        bttui = Bttui(lab, None, target, *files.values(), state=state)
        bttui.wait_event("listening")
        begun = random.randrange(2 * MANY)
        wait_until(lambda: len(os.listdir(os.path.join(state, "torrents"))) >= min(begun, MANY),
                   f"{begun} to be written")
        if begun >= MANY:
            time.sleep(random.uniform(0, 0.3))
        bttui.kill(signal.SIGKILL)
        bttui.wait()
        names = named(state)
        counts.append(len(names))
        for name in names:
            with open(os.path.join(state, "torrents", f"{name.hex()}.torrent"), "rb") as kept, \
                    open(files[name], "rb") as given:
                check_equal(kept.read(), given.read(), name.hex())
        again = Bttui(lab, None, target, state=state)
        again.wait_event("listening")
        wait_until(lambda: len(again.seen("added")) == len(names), "all named to be back")
        again.finish()
    print(f"        named after a kill, of {MANY}: {counts}")
    few = dict(list(files.items())[:SOON])
    state = lab.new_dir("state")
    bttui = Bttui(lab, None, target, *few.values(), state=state)
    bttui.wait_event("listening")
    bttui.finish()
    check_equal(named(state), set(few), "named after an orderly end")


run(at_random_points, while_it_ends, while_moving, while_copying, while_many_are_added,
    after_a_checkpoint, limit_s=900 * ROUNDS)
