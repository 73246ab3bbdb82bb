"""BitTorrent v2 and hybrid torrents (BEP 52, 47): the same ones as libtorrent makes, data to
and from libtorrent, qBittorrent and, for hybrids, clients that know of version 1 alone."""

import glob
import json
import os
import subprocess

from bttui import Bttui, bttui_path
from clients import Libtorrent, Rtorrent, libtorrent_python
from lab import Process, check, check_equal, run, wait_until
from payload import Payload
from sessions import Qbittorrent
from trackers import Opentracker
from wire_peer import WirePeer

HERE = os.path.dirname(os.path.abspath(__file__))
PIECE = 65536
# Two of one content, one of nothing, smaller than a block and than a piece, as long as
# pieces and blocks are, and a byte more.
SIZES = [100000, 5, 16384 * 9 + 1, 0, 3_000_001, 200000, 3 * PIECE, PIECE, 16384]
PATHS = ["a.bin", "b/c.txt", "b/d.bin", "b/e/f", "big", "t/x.dat", "t.dir", "u/v/w", "z"]


def make_payload(lab):
    return Payload(lab.new_dir("seed"), "payload", SIZES, PATHS, piece_bytes=PIECE)


def by_libtorrent(*arguments):
    done = subprocess.run(
        [libtorrent_python(), "-B", os.path.join(HERE, "lib", "libtorrent_make.py"),
         *map(str, arguments)], capture_output=True, check=False)
    check_equal(done.returncode, 0, f"libtorrent: {done.stderr.decode()}")
    return json.loads(done.stdout)


class Swarm:
    """What a tracker knows of a torrent."""

    def __init__(self, infohash):
        self.infohash = bytes.fromhex(infohash)


def make(lab, payload, form, *options):
    """A torrent that bttui makes; what it says of it."""
    torrent = lab.path(lab.unique(f"{form}.torrent"))
    made = Process(lab, "create", [
        bttui_path(), "create", "--json", "--format", form, "--piece-size", "64K", "-o", torrent,
        *options, payload.file(payload.dir, "")], env={"LC_ALL": "C.UTF-8"})
    check_equal(made.wait(), 0, f"create: {made.text(made.log)}")
    return torrent, json.loads(made.text(made.out))


def libtorrent_makes_the_same(lab):
    payload = make_payload(lab)
    alone = Payload(lab.new_dir("alone"), "alone.bin", [1_234_567], piece_bytes=PIECE)
    tiny = Payload(lab.new_dir("tiny"), "tiny", [2], piece_bytes=PIECE)
    for of in (payload, alone, tiny):
        for form in ("v2", "hybrid"):
            torrent, said = make(lab, of, form)
            ours = by_libtorrent("read", torrent)
            theirs = by_libtorrent(form, PIECE, of.file(of.dir, "").rstrip("/"),
                                   lab.path(lab.unique("theirs.torrent")))
            check_equal(ours, theirs, f"{form} of {of.name}")
            check_equal(said["infohash_v2"], theirs["v2"], "what is said of it")
            again, _ = make(lab, of, form)
            with open(torrent, "rb") as one, open(again, "rb") as other:
                check(one.read() == other.read(), "made twice, it is not the same")


def download(lab, form, seeder, *options):
    payload = make_payload(lab)
    torrent, _ = make(lab, payload, form, *options)
    port = seeder(lab, torrent, payload)
    target = lab.new_dir("target")
    bttui = Bttui(lab, torrent, target, "--exit-when-done", "--peer", f"127.0.0.1:{port}")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check(not os.path.exists(os.path.join(target, "payload", ".pad")), "padding was written")
    check_equal(bttui.seen("piece", ok=False), [], "pieces that failed")


def by_libtorrent_seed(lab, torrent, payload):
    return Libtorrent(lab, torrent, payload.dir, seed=True).port


def from_libtorrent_v2(lab):
    download(lab, "v2", by_libtorrent_seed)


def from_libtorrent_hybrid(lab):
    download(lab, "hybrid", by_libtorrent_seed)


def by_qbittorrent_seed(lab, torrent, payload):
    client = Qbittorrent(lab)
    client.add(torrent, payload.dir)
    wait_until(lambda: any(client.have().values()), "qBittorrent to check the data")
    return client.port


def from_qbittorrent(lab):
    for form in ("v2", "hybrid"):
        download(lab, form, by_qbittorrent_seed)


def seed(lab, form):
    payload = make_payload(lab)
    torrent, _ = make(lab, payload, form)
    bttui = Bttui(lab, torrent, payload.dir)
    bttui.seeding()
    return payload, torrent, bttui.port()


def to_libtorrent(lab, form):
    payload, torrent, port = seed(lab, form)
    target = lab.new_dir("target")
    leecher = Libtorrent(lab, torrent, target, peers=[["127.0.0.1", port]])
    leecher.wait_complete()
    leecher.end()
    check_equal(payload.differences(target), [], "files that differ")


class OneFile(Payload):
    """Without padding a hybrid's pieces are those of its file; the hash is what is made."""

    infohash = b""

    def __init__(self, lab, length):
        super().__init__(lab.new_dir("seed"), "one.bin", [length], piece_bytes=PIECE)


def to_qbittorrent(lab):
    """Files of both forms and a link of v2, at one of it. Names of files that are not complete
    end in .!qB."""
    client, targets = Qbittorrent(lab), []
    for form in ("v2", "hybrid"):
        payload, torrent, port = seed(lab, form)
        known, target = set(client.have()), lab.new_dir("target")
        client.add(torrent, target)
        wait_until(lambda known=known: set(client.have()) - known, "qBittorrent to look at it")
        client.call((set(client.have()) - known).pop(), "127.0.0.1", port)
        targets.append((payload, target))
    payload, target = OneFile(lab, 1_000_001), lab.new_dir("target")
    torrent, said = make(lab, payload, "v2")
    port = Bttui(lab, torrent, payload.dir).seeding().port()
    client.add_link(magnet(said, port), target)
    for payload, target in targets + [(payload, target)]:
        wait_until(lambda payload=payload, target=target: payload.differences(target) == [],
                   "qBittorrent to complete")
    client.end()


def a_poisoner_beside_one_that_tells(lab):
    """The poisoner knows of version 1 alone; the seed tells the hashes of the blocks, too, and
    comes when there is a bad one."""
    payload = OneFile(lab, 4 << 20)
    torrent, said = make(lab, payload, "hybrid")
    payload.infohash = bytes.fromhex(said["infohash"])
    poisoner = WirePeer(lab, payload, host="127.0.0.2", poison=0.05, rate=4 << 20, waits=True)
    target = lab.new_dir("target")
    bttui = Bttui(lab, torrent, target, "--exit-when-done", "--peer", poisoner.address)
    wait_until(poisoner.has_poisoned, "a bad block")
    seeder = Bttui(lab, torrent, payload.dir, "--max-up", "4M", "--peer",
                   f"127.0.0.1:{bttui.port()}")
    seeder.wait_event("peer", reason="")
    poisoner.go_on.set()
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check_equal([(ban["address"], ban["reason"]) for ban in bttui.seen("ban")],
                [(poisoner.address, "bad-data")], "bans")
    check(bttui.seen("piece", ok=False), "no piece failed")


def complete_by_hashes(lab, torrent, payload, port, form):
    """libtorrent 2.0 may hold a hybrid's piece for wrong by version 2 when its data come
    before the layer, and then stops the torrent: that is tried again."""
    for _ in range(6 if form == "hybrid" else 1):
        target = lab.new_dir("target")
        leecher = Libtorrent(lab, torrent, target, peers=[["127.0.0.1", port]])
        wait_until(lambda: leecher.complete() or leecher.error(), "libtorrent to complete")
        stopped = leecher.error()
        leecher.end()
        if not stopped:
            break
        check("v1 and v2 hashes" in stopped, f"libtorrent: {stopped}")
        print("        libtorrent stopped it")
    check(not stopped, f"libtorrent: {stopped}")
    check_equal(payload.differences(target), [], "files that differ")


def to_libtorrent_v2(lab):
    to_libtorrent(lab, "v2")


def to_libtorrent_hybrid(lab):
    to_libtorrent(lab, "hybrid")


def libtorrent_asks_for_layers(lab):
    """A torrent without its piece layers, as after a magnet: they come by hash requests."""
    for form in ("v2", "hybrid"):
        payload, torrent, port = seed(lab, form)
        bare = lab.path(lab.unique("bare.torrent"))
        by_libtorrent("strip", torrent, bare)
        complete_by_hashes(lab, bare, payload, port, form)


def a_hybrid_in_a_swarm_of_both_kinds(lab):
    """Leechers of both kinds. rtorrent, which takes all peers of one address for one and may
    call itself, is told of the seeder alone. It knows of version 1 alone, and of padding only
    that it is files, which it fetches. (Transmission 3.00 cannot read a hybrid at all, and aria2 1.36
    makes another info-hash of it.)"""
    payload = make_payload(lab)
    _, said = make(lab, payload, "hybrid")
    tracker = Opentracker(lab, Swarm(said["infohash"]), Swarm(said["infohash_v2"][:40]))
    torrent, _ = make(lab, payload, "hybrid", "--tracker", tracker.http)
    seeder = Bttui(lab, torrent, payload.dir).seeding()
    targets = [lab.new_dir("target") for _ in range(3)]
    bttui = Bttui(lab, torrent, targets[0])
    leecher = Libtorrent(lab, torrent, targets[1])
    aside, _ = make(lab, payload, "hybrid", "--tracker", "http://127.0.0.1:1/announce")
    rtorrent = Rtorrent(lab, aside, targets[2], peers=[("127.0.0.1", seeder.port())])
    bttui.wait_event("completed")
    leecher.wait_complete()
    rtorrent.wait_complete()
    tracker.wait_seeders(Swarm(said["infohash"]), 2)
    wait_until(lambda: tracker.counts(Swarm(said["infohash_v2"][:40]))[0] >= 1,
               "the tracker to know us by version 2")
    leecher.end()
    rtorrent.end()
    for target in targets:
        check_equal(payload.differences(target), [], "files that differ")


def magnet(said, *ports, hashes="both"):
    named = []
    if said["infohash"] and hashes != "v2":
        named.append("xt=urn:btih:" + said["infohash"])
    if hashes != "v1":
        named.append("xt=urn:btmh:1220" + said["infohash_v2"])
    return "magnet:?" + "&".join(named + [f"x.pe=127.0.0.1:{port}" for port in ports])


def by_magnet(lab, form, seeder, hashes="both"):
    """The link is all that is known; what is kept has the piece layers, and needs nobody."""
    payload = make_payload(lab)
    torrent, said = make(lab, payload, form)
    port = seeder(lab, torrent, payload)
    target = lab.new_dir("target")
    bttui = Bttui(lab, magnet(said, port, hashes=hashes), target, "--exit-when-done")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check_equal(bttui.seen("piece", ok=False), [], "pieces that failed")
    check(not bttui.seen("ban"), "bttui banned an honest peer")
    kept = glob.glob(os.path.join(bttui.state, "torrents", "*"))
    check_equal([os.path.splitext(path)[1] for path in kept], [".torrent"], "what is kept")
    return by_libtorrent("read", kept[0]), by_libtorrent("read", torrent)


def magnet_from_libtorrent_v2(lab):
    ours, theirs = by_magnet(lab, "v2", by_libtorrent_seed)
    check_equal(ours, theirs, "the torrent that is kept")


def magnet_from_libtorrent_hybrid(lab):
    by_magnet(lab, "hybrid", by_libtorrent_seed)
    by_magnet(lab, "hybrid", by_libtorrent_seed, hashes="v1")


def magnet_from_bttui(lab):
    def seed(lab, torrent, payload):
        return Bttui(lab, torrent, payload.dir).seeding().port()
    ours, theirs = by_magnet(lab, "v2", seed)
    check_equal(ours, theirs, "the torrent that is kept")
    by_magnet(lab, "hybrid", seed)
    by_magnet(lab, "hybrid", seed, hashes="v1")


def magnet_from_qbittorrent(lab):
    ours, theirs = by_magnet(lab, "v2", by_qbittorrent_seed)
    check_equal(ours, theirs, "the torrent that is kept")


def magnet_to_libtorrent(lab):
    for form in ("v2", "hybrid"):
        payload = make_payload(lab)
        torrent, said = make(lab, payload, form)
        port = Bttui(lab, torrent, payload.dir).seeding().port()
        complete_by_hashes(lab, magnet(said), payload, port, form)


def verify(lab, directory, torrent, status):
    looked = Process(lab, "verify", [bttui_path(), "verify", "--json", "-d", directory, torrent])
    check_equal(looked.wait(), status, "verify: exit status")
    return json.loads(looked.text(looked.out))


def damage_is_found(lab):
    for form in ("v2", "hybrid"):
        payload = make_payload(lab)
        torrent, _ = make(lab, payload, form)
        verify(lab, payload.dir, torrent, 0)
        damaged = payload.file(payload.dir, "b/d.bin")
        with open(damaged, "r+b") as file:
            data = bytearray(file.read())
            data[16384 * 9] ^= 1
            file.seek(0)
            file.write(data)
        said = verify(lab, payload.dir, torrent, 1)
        wrong = [file["path"] for file in said["files"] if file["state"] != "ok"]
        check_equal(wrong, ["b/d.bin"], f"{form}: wrong files")


run(libtorrent_makes_the_same, from_libtorrent_v2, from_libtorrent_hybrid, to_libtorrent_v2,
    to_libtorrent_hybrid, libtorrent_asks_for_layers, from_qbittorrent, to_qbittorrent,
    a_poisoner_beside_one_that_tells, a_hybrid_in_a_swarm_of_both_kinds, damage_is_found,
    magnet_from_libtorrent_v2, magnet_from_libtorrent_hybrid, magnet_from_bttui,
    magnet_from_qbittorrent, magnet_to_libtorrent)
