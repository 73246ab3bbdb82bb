"""Magnet links: metadata from libtorrent, transmission, aria2 and rtorrent, and to them; from
bttui to bttui. Through a tracker, and by a peer that the link names."""

import glob
import hashlib
import os
import socket
import struct
import time
import urllib.parse

from bttui import Bttui
from clients import Aria2, Libtorrent, Rtorrent, Transmission
from lab import check, check_equal, in_background, run
from payload import Payload
from trackers import Opentracker

SIZES = [5 << 20, 3 << 20, 1, 70001]
PIECE_BYTES = 8192  # 994 hashes: the metadata have more than one piece


def link(payload, *trackers, peers=(), **more):
    parts = [f"xt=urn:btih:{payload.infohash.hex()}"]
    parts += [f"{key}={urllib.parse.quote(value)}" for key, value in more.items()]
    parts += [f"tr={urllib.parse.quote(tracker, safe='')}" for tracker in trackers]
    parts += [f"x.pe=127.0.0.1:{port}" for port in peers]
    return "magnet:?" + "&".join(parts)


def make(lab):
    return Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)


def fetched(payload, bttui, target):
    """BTTUI, that of a link, ends well."""
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    metadata = bttui.seen("metadata")
    check_equal(len(metadata), 1, "metadata events")
    check_equal(metadata[0]["name"], payload.name, "name in it")
    check_equal(bttui.seen("added")[0]["pieces"], 0, "pieces known at first")
    check(not bttui.seen("ban"), "bttui banned an honest peer")
    kept = sorted(os.path.basename(path)
                  for path in glob.glob(os.path.join(bttui.state, "torrents", "*")))
    check_equal(kept, [payload.infohash.hex() + ".torrent"], "what is kept")
    print(f"        metadata after {metadata[0]['time'] - bttui.started_at:.3f} s, "
          f"first piece after {bttui.first_piece_s():.3f} s")


def from_client(lab, client, by_tracker=True):
    payload, target = make(lab), lab.new_dir("target")
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    seed = client(lab, torrent, payload.dir, seed=True)
    tracker.wait_seeders(payload)
    magnet = link(payload, tracker.http) if by_tracker else link(payload, peers=[seed.port])
    fetched(payload, Bttui(lab, magnet, target, "--exit-when-done"), target)


def from_libtorrent(lab):
    from_client(lab, Libtorrent)


def from_libtorrent_named(lab):
    from_client(lab, Libtorrent, by_tracker=False)


def from_transmission(lab):
    from_client(lab, Transmission)


def from_aria2(lab):
    from_client(lab, Aria2)


def from_rtorrent(lab):
    from_client(lab, Rtorrent)


def from_bttui(lab):
    """A name that is no name, and one file of four: no other is made."""
    payload, target = make(lab), lab.new_dir("target")
    seed = Bttui(lab, payload.torrent(lab.path("payload.torrent")), payload.dir).seeding()
    magnet = link(payload, peers=[seed.port()], dn="../../evil", so="1")
    leech = Bttui(lab, magnet, target, "--exit-when-done")
    leech.wait_done()
    made = [os.path.relpath(os.path.join(base, name), target)
            for base, _, names in os.walk(target) for name in names]
    check_equal([name for name in made if not name.endswith(".parts")],
                ["payload/file-1"], "files made")
    check_equal(sorted(payload.differences(target)), ["file-0", "file-2", "file-3"],
                "files that are not there")
    seed.finish()


def to_client(lab, client, **options):
    payload, target = make(lab), lab.new_dir("target")
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    tracker.wait_seeders(payload)
    began = time.time()
    leecher = client(lab, link(payload, tracker.http), target, **options)
    leecher.wait_complete()
    print(f"        {time.time() - began:.2f} s")
    if leecher.running():
        leecher.end()
    check_equal(payload.differences(target), [], "files that differ")
    check(not bttui.seen("ban"), "bttui banned an honest peer")
    bttui.finish()


def to_libtorrent(lab):
    to_client(lab, Libtorrent)


def to_aria2(lab):
    to_client(lab, Aria2)


def to_rtorrent(lab):
    """It knows one peer an address: at bttui's it might know but itself."""
    to_client(lab, Rtorrent, host="127.0.0.2")


def to_transmission(lab):
    """It takes no loopback address from a tracker: bttui comes last, and calls it."""
    payload, target = make(lab), lab.new_dir("target")
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.udp)
    leecher = Transmission(lab, link(payload, tracker.http), target)
    tracker.wait_leechers(payload)
    bttui = Bttui(lab, torrent, payload.dir).seeding()
    leecher.wait_complete()
    leecher.end()
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()


class MetadataPeer:
    """It has nothing but INFO, an info dictionary of one piece, and gives it to who asks."""

    def __init__(self, info):
        self.info, self.hash = info, hashlib.sha1(info).digest()
        self.given = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        in_background(self._serve)

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            try:
                with connection, connection.makefile("rb") as stream:
                    self._talk(connection, stream)
            except (OSError, struct.error):
                pass  # it went

    def _talk(self, connection, stream):
        stream.read(68)
        connection.sendall(b"\x13BitTorrent protocol" + bytes(5) + b"\x10\0\0" + self.hash +
                           b"-XX0001-metadata-123")
        self._say(connection, 0, f"d1:md11:ut_metadatai3ee13:metadata_sizei{len(self.info)}ee")
        while True:
            length, = struct.unpack(">I", stream.read(4))
            body = stream.read(length)
            if body[:2] == b"\x14\x03":  # by the number that it was told
                self.given += 1  # before the other can end for it
                self._say(connection, 2, f"d8:msg_typei1e5:piecei0e10:total_sizei"
                          f"{len(self.info)}ee", self.info)

    @staticmethod
    def _say(connection, number, text, more=b""):
        body = bytes([20, number]) + text.encode() + more
        connection.sendall(struct.pack(">I", len(body)) + body)


def unusable(lab):
    """M9: what has the hash and is of no use ends the torrent; who gave it told the truth."""
    pieces = b"6:pieces20:" + bytes(20)
    for info, word in (
            (b"d6:lengthi1e4:name1:x12:piece lengthi0e" + pieces + b"e", "piece"),
            (b"d6:lengthi-5e4:name1:x12:piece lengthi16384e" + pieces + b"e", "length"),
            (b"le", ""),
            (b"d6:lengthi1e", "")):
        peer = MetadataPeer(info)
        bttui = Bttui(lab, f"magnet:?xt=urn:btih:{peer.hash.hex()}&x.pe=127.0.0.1:{peer.port}",
                      lab.new_dir("target"), "--exit-when-done")
        check_equal(bttui.wait(), 3, f"exit status for {info}")
        bttui.reader.join()
        check_equal(peer.given, 1, "times it was given")
        check(not bttui.seen("ban"), "bttui banned an honest peer")
        told = bttui.last("error", "message") or ""
        check("metadata cannot be used" in told and word in told, f"what was said: {told}")


def nobody(lab):
    """M8: it waits, says for what, and ends well when it is told to."""
    bttui = Bttui(lab, "0" * 40, lab.new_dir("target"))
    bttui.wait_event("progress", state="metadata")
    bttui.finish()


def one_argument(lab):
    """M10: what a shell hands over is one argument, whatever it begins with."""
    for text in ("-magnet:?xt=urn:btih:0123", "--", "-" + "0" * 40):
        bttui = Bttui(lab, None, lab.new_dir("target"), "--", text)
        check_equal(bttui.wait(), 3, f"exit status for {text}")
    bttui = Bttui(lab, None, lab.new_dir("target"), "--", "0" * 40)
    bttui.wait_event("added")
    bttui.finish()
    bttui = Bttui(lab, "--magnet:?xt=urn:btih:" + "0" * 40, lab.new_dir("target"))
    check_equal(bttui.wait(), 2, "exit status for an option that is none")


def refused(lab):
    """M2, M10: exit status 3, and one argument is one argument."""
    for text in ("magnet:?xt=urn:btih:0123", "magnet:?dn=x\" --save /etc",
                 f"magnet:?xt=urn:btih:{'0' * 40}&xt=urn:btih:{'1' * 40}"):
        bttui = Bttui(lab, text, lab.new_dir("target"))
        check_equal(bttui.wait(), 3, f"exit status for {text}")


run(from_libtorrent, from_libtorrent_named, from_transmission, from_aria2, from_rtorrent,
    from_bttui, to_libtorrent, to_transmission, to_aria2, to_rtorrent, unusable, nobody,
    one_argument, refused)
