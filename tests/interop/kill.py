"""kill -9 in the middle of a download, or while it ends, more than once: what was
on disk is found again, nothing wrong is claimed, no verified piece is fetched twice, and
the download completes (HOSTILE.md R1). BTTUI_INTEROP_FULL=1: 200 kills at random of each
instead of four."""

import os
import random
import signal
import time

from bttui import Bttui
from lab import check, check_equal, run
from payload import Payload
from wire_peer import WirePeer

SIZES = [4 << 20, 0, 5 << 20, 5, 2 << 20, 130001]
PIECE_BYTES = 1 << 16
RATE = 6 << 20
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


def run_once(lab, payload, torrent, target, state, peer, kill_at, **options):
    """Lets bttui run until KILL_AT pieces or the end. What was valid before must be found,
    and none of it asked for again."""
    before = payload.valid_pieces(target)
    mark = len(peer.sent_since(0))
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done", state=state)
    bttui.wait_event("checked")
    if kill_at is not None:
        options.get("until", lambda each: each.wait_pieces(kill_at))(bttui)
        options.get("end", lambda each: each.kill(signal.SIGKILL))(bttui)
        bttui.wait()
        bttui.reader.join(5)
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
    """With a resume file that claims some pieces, and more on disk than it claims."""
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES), \
        lab.new_dir("target")
    state, peer = lab.new_dir("state"), WirePeer(lab, payload, rate=RATE // 6)
    torrent = payload.torrent(lab.path("payload.torrent"))

    def some_after_a_checkpoint(bttui):
        bttui.wait_event("checkpoint")
        check(bttui.last("checkpoint", "have") > 0, "an empty checkpoint")
        bttui.wait_pieces(len(bttui.seen("piece", ok=True)) + 3)

    verified = run_once(lab, payload, torrent, target, state, peer, 1,
                        until=some_after_a_checkpoint)
    valid = check_disk(payload, target, state, verified)
    claimed = claimed_pieces(state, payload)
    check(claimed, "nothing was claimed")
    check(len(valid) > len(claimed), "nothing on disk beyond the claims")
    peer.rate = 0
    run_once(lab, payload, torrent, target, state, peer, None)
    check_equal(payload.differences(target), [], "files that differ")


run(at_random_points, while_it_ends, after_a_checkpoint, limit_s=180 * ROUNDS)
