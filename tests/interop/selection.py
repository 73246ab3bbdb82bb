"""Some files of a torrent that libtorrent seeds: exactly those that were chosen are there
afterwards, beside the hidden file of parts; pieces are shared with others from it; the rest is
completed when it is chosen later, with another --select, and what was verified is not fetched
again."""

import os
import signal

from bttui import Bttui
from clients import Libtorrent
from lab import check, check_equal, run, wait_until
from payload import Payload
from wire_peer import WirePeer

PATHS = ["a.bin", "b.txt", "sub/c.bin", "sub/d.txt", "empty.txt", "e.bin", "f.bin"]
SIZES = [300001, 70, 90000, 5001, 0, 1 << 20, 123456]
PIECE_BYTES = 1 << 16


def make_payload(lab):
    return Payload(lab.new_dir("seed"), "payload", SIZES, paths=PATHS, piece_bytes=PIECE_BYTES)


def make(lab):
    payload = make_payload(lab)
    torrent = payload.torrent(lab.path("payload.torrent"))
    return payload, torrent, Libtorrent(lab, torrent, payload.dir, seed=True)


def files_in(directory):
    """Everything that is there: files of the torrent by their paths, others as they are."""
    found = set()
    for root, _, names in os.walk(directory):
        for name in names:
            path = os.path.relpath(os.path.join(root, name), directory)
            found.add(path.removeprefix("payload/"))
    return found


def parts_of(payload):
    return f".{payload.infohash.hex()}.parts"


def check_files(payload, target, chosen, parts):
    check_equal(files_in(target), set(chosen) | ({parts_of(payload)} if parts else set()),
                "files that are there")
    wrong = set(payload.differences(target)) & set(chosen)
    check_equal(wrong, set(), "chosen files that differ")


def pieces_of(bttui):
    return {event["index"] for event in bttui.seen("piece", ok=True)}


def fetch(lab, torrent, target, state, seed, *options):
    bttui = Bttui(lab, torrent, target, "--peer", f"127.0.0.1:{seed.port}", "--exit-when-done",
                  *options, state=state)
    check_equal(bttui.wait(), 0, "exit status")
    bttui.reader.join()
    return bttui


def other_choices(lab):
    payload, torrent, seed = make(lab)
    target, state = lab.new_dir("target"), lab.new_dir("state")
    first = fetch(lab, torrent, target, state, seed, "--select=sub/*,e*")
    check_files(payload, target, ["sub/c.bin", "sub/d.txt", "empty.txt", "e.bin"], True)
    check(len(pieces_of(first)) < payload.piece_count, "everything was fetched")

    none_more = fetch(lab, torrent, target, state, seed, "--select=6")
    check_files(payload, target, ["sub/c.bin", "sub/d.txt", "empty.txt", "e.bin"], True)
    check_equal(pieces_of(none_more), set(), "pieces fetched for what is there")

    small = fetch(lab, torrent, target, state, seed, "--select=2-6")
    check_files(payload, target, ["b.txt", "sub/c.bin", "sub/d.txt", "empty.txt", "e.bin"], True)
    check_equal(pieces_of(small), set(), "pieces fetched for what was kept aside")

    rest = fetch(lab, torrent, target, state, seed, "--select=1-")
    check_files(payload, target, PATHS, False)
    check_equal(pieces_of(first) & pieces_of(rest), set(), "pieces fetched again")
    check_equal(len(pieces_of(first)) + len(pieces_of(rest)), payload.piece_count, "pieces")

    wrong = Bttui(lab, torrent, target, "--select=99", state=state)
    check_equal(wrong.wait(), 2, "exit status when no such file is there")


def after_a_kill(lab):
    """Nothing of the parts file has to be fetched again."""
    payload, torrent, seed = make(lab)
    target, state = lab.new_dir("target"), lab.new_dir("state")
    options = ("--peer", f"127.0.0.1:{seed.port}", "--select=sub/c.bin")
    bttui = Bttui(lab, torrent, target, *options, state=state)
    bttui.wait_event("completed")
    bttui.kill(signal.SIGKILL)
    bttui.wait()
    bttui.reader.join()
    rest = fetch(lab, torrent, target, state, seed, "--select=1-")
    check_equal(pieces_of(bttui) & pieces_of(rest), set(), "pieces fetched again")
    check_files(payload, target, PATHS, False)


def with_sizes_at_the_start(lab):
    """Of the chosen files alone, and a kill on the way costs nothing."""
    payload = make_payload(lab)
    torrent, peer = payload.torrent(lab.path("payload.torrent")), WirePeer(lab, payload)
    for how in ("sparse", "full"):
        target, state = lab.new_dir("target"), lab.new_dir("state")
        options = ("--select=e.bin,f.bin", f"--preallocate={how}")
        bttui = Bttui(lab, torrent, target, *options, state=state)
        wait_until(lambda: os.path.exists(payload.file(target, "e.bin")) and
                   os.path.getsize(payload.file(target, "e.bin")) == 1 << 20, "the size of e.bin")
        bttui.kill(signal.SIGKILL)
        bttui.wait()
        bttui = Bttui(lab, torrent, target, *options, "--peer", peer.address,
                      "--exit-when-done", state=state)
        bttui.wait_done()
        check_files(payload, target, ["e.bin", "f.bin"], True)


def shared_from_parts(lab):
    payload, torrent, seed = make(lab)
    target, state = lab.new_dir("target"), lab.new_dir("state")
    had = pieces_of(fetch(lab, torrent, target, state, seed, "--select=sub/c.bin,f.bin"))
    seed.end()
    bttui = Bttui(lab, torrent, target, state=state)
    bttui.wait_event("checked", have=len(had))
    leech = Libtorrent(lab, torrent, lab.new_dir("leech"), peers=[["127.0.0.1", bttui.port()]])
    bytes_had = sum(payload.piece_length(index) for index in had)
    wait_until(lambda: leech.downloaded() >= bytes_had, "all that there is, sent")
    bttui.finish()
    check_files(payload, target, ["sub/c.bin", "f.bin"], True)


def in_what_order(lab):
    """More important files first, their ends before the rest, all of it in order."""
    payload = make_payload(lab)
    torrent, peer = payload.torrent(lab.path("payload.torrent")), WirePeer(lab, payload)
    target, state = lab.new_dir("target"), lab.new_dir("state")
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done",
                  "--sequential", "--first-last", "--priority=f.bin,sub/c.bin:high",
                  "--priority=1-2:low", state=state)
    bttui.wait_done()
    order, offset, levels = [], 0, {}
    for path, size in zip(PATHS, SIZES):
        level = {"f.bin": 7, "sub/c.bin": 7, "a.bin": 1, "b.txt": 1}.get(path, 4)
        first, last = offset // PIECE_BYTES, max(offset, offset + size - 1) // PIECE_BYTES
        for piece in range(first, last + 1 if size else first):
            ends = 2 if piece in (first, last) else 0
            levels[piece] = max(levels.get(piece, 0), level + ends)
        offset += size
    order = sorted(levels, key=lambda piece: (-levels[piece], piece))
    asked = list(dict.fromkeys(piece for piece, _, _ in peer.sent_since(0)))
    check_equal(asked, order, "order of the pieces")
    check_files(payload, target, PATHS, False)
    again = Bttui(lab, torrent, target, "--priority=99:low", state=state)
    check_equal(again.wait(), 2, "exit status when no such file is there")


run(in_what_order, other_choices, after_a_kill, with_sizes_at_the_start,
    shared_from_parts)
