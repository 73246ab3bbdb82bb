"""A limit is kept within 2 % over 10 s, both ways, by one peer and by fifty, at 50 KiB/s,
5 MiB/s and 200 MiB/s: down with the bench's seeder, up with a leecher in Python that notes
when each block came, and at the highest rate with the bench's. BTTUI_INTEROP_FULL=1: all of
these, the highest where the machine is fast enough (TMPDIR in memory helps); otherwise one
rate, for 3 s."""

import os
import selectors
import shutil
import socket
import struct
import time

from bttui import Bttui, bttui_path
from lab import Process, Skip, check, run, wait_until
from payload import Payload

FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
WARM_S, WINDOW_S = (2, 10) if FULL else (1, 3)
KIB, MIB = 1 << 10, 1 << 20
BLOCK = 16 * KIB
FAST = 20 * MIB
HANDSHAKE = 68
CHOKE, UNCHOKE, INTERESTED, REQUEST, PIECE = 0, 1, 2, 6, 7
ASKED_AHEAD = 8


def tool(name):
    path = os.path.join(os.path.dirname(bttui_path()), "tests/bench", name)
    if not os.access(path, os.X_OK):
        raise Skip(f"{name} is not built")
    return path


def judge(what, got, rate):
    off = got / rate - 1
    print(f"        {what}: {got / KIB:.1f} KiB/s, {100 * off:+.2f} %")
    check(abs(off) <= 0.02, f"{what}: {got:.0f} B/s instead of {rate}")


def rate_between(steps):
    """Of (time, bytes), from one that came to one that came."""
    begin = next(step for step in steps if step[0] >= steps[0][0] + WARM_S)
    end = next((step for step in steps if step[0] >= begin[0] + WINDOW_S), steps[-1])
    got = sum(step[1] for step in steps if begin[0] < step[0] <= end[0])
    return got / (end[0] - begin[0])


# ---- down ----

class Seeder(Process):
    def __init__(self, lab, torrent, total, piece_bytes, peers):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__(lab, "seeder", [tool("bench_seeder"), "-n", str(peers), torrent,
                                         str(total), str(piece_bytes), str(port)])
        wait_until(lambda: "ready" in self.text(self.out), "the seeder to listen")
        self.peers = [f"127.1.{number // 250}.{number % 250 + 1}:{port}"
                      for number in range(peers)]


def down(lab, rate, peers):
    if rate > FAST and (free := down_rate(lab, rate, peers, 0)) < rate * 1.5:
        print(f"        down, peers: {peers}: {free / MIB:.0f} MiB/s without a limit: left out")
    else:
        judge(f"down, peers: {peers}", down_rate(lab, rate, peers, rate), rate)


def down_rate(lab, rate, peers, limit):
    # The time of a piece is what is seen: small ones where little comes.
    piece_bytes = min(MIB, max(BLOCK, 1 << (rate // 64).bit_length()))
    total = int(rate * (WARM_S + WINDOW_S) * 1.3) // piece_bytes * piece_bytes
    seeder = Seeder(lab, lab.path("payload.torrent"), total, piece_bytes, peers)
    options = [text for peer in seeder.peers for text in ("--peer", peer)]
    bttui = Bttui(lab, lab.path("payload.torrent"), lab.new_dir("target"), *options,
                  "--max-down", str(limit))
    pieces = bttui.wait_event("added")["pieces"]
    first = bttui.wait_event("piece")["time"]
    wait_until(lambda: bttui.seen("piece")[-1]["time"] > first + WARM_S + WINDOW_S + 1 or
               len(bttui.seen("piece")) == pieces, "the end of the measurement")
    steps = [(event["time"], piece_bytes) for event in bttui.seen("piece", ok=True)]
    bttui.end()
    seeder.kill()
    shutil.rmtree(bttui.directory)
    return rate_between(steps)


# ---- up ----

class Leecher:
    """One of many that share a selector and a list of (time, bytes)."""

    def __init__(self, number, payload, port, selector, came):
        self.payload, self.came, self.next, self.out = payload, came, number * 7, b""
        self.inbox = bytearray()
        self.socket = socket.socket()
        self.socket.bind((f"127.3.{number // 250}.{number % 250 + 1}", 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(b"\x13BitTorrent protocol" + bytes(8) + payload.infohash +
                            f"-LT0001-{number:012}".encode() +
                            struct.pack(">IB", 1, INTERESTED))
        self.greeted = False
        selector.register(self.socket, selectors.EVENT_READ, self)

    def ask(self):
        blocks = self.payload.total_bytes // BLOCK
        begin = self.next % blocks * BLOCK
        self.next += 1
        piece, offset = divmod(begin, self.payload.piece_bytes)
        self.socket.sendall(struct.pack(">IBIII", 13, REQUEST, piece, offset, BLOCK))

    def read(self):
        self.inbox += self.socket.recv(MIB)
        if not self.greeted and len(self.inbox) >= HANDSHAKE:
            self.greeted = True
            del self.inbox[:HANDSHAKE]
        while self.greeted and len(self.inbox) >= 4:
            length = struct.unpack_from(">I", self.inbox)[0]
            if len(self.inbox) < 4 + length:
                return
            kind = self.inbox[4] if length else None
            del self.inbox[:4 + length]
            if kind == PIECE:
                self.came.append((time.monotonic(), length - 9))
                self.ask()
            elif kind == UNCHOKE:
                for _ in range(ASKED_AHEAD):
                    self.ask()


def up(lab, rate, peers):
    payload = Payload(lab.new_dir("seed"), "payload", [64 * MIB if FULL else 32 * MIB])
    torrent = payload.torrent(lab.path("payload.torrent"))
    bttui = Bttui(lab, torrent, payload.dir, "--max-up", str(rate)).seeding()
    selector, came = selectors.DefaultSelector(), []
    leechers = [Leecher(number, payload, bttui.port(), selector, came)
                for number in range(peers)]
    while not came or came[-1][0] < came[0][0] + WARM_S + WINDOW_S + 1:
        ready = selector.select(10)
        check(ready or rate < MIB, "nothing comes")
        for key, _ in ready:
            key.data.read()
    judge(f"up, peers: {peers}", rate_between(came), rate)
    for leecher in leechers:
        leecher.socket.close()
    bttui.end()


def up_fast(lab, rate, peers):
    """Too fast for Python: bttui's own count, once a second."""
    total = rate * (WARM_S + WINDOW_S + 4) // MIB * MIB
    torrent, directory = lab.path("payload.torrent"), lab.new_dir("seed")
    maker = Process(lab, "payload", [tool("bench_payload"), torrent, str(total), str(MIB),
                                     os.path.join(directory, "payload")])
    check(maker.wait() == 0, "the payload was not made")
    bttui = Bttui(lab, torrent, directory, "--max-up", str(rate)).seeding()
    leecher = Process(lab, "leecher", [tool("bench_leecher"), str(total), str(MIB),
                                       f"127.0.0.1:{bttui.port()}", str(peers)])
    wait_until(lambda: uploaded(bttui)[-1][0] > uploaded(bttui)[0][0] + WARM_S + WINDOW_S + 1,
               "what was sent")
    steps = uploaded(bttui)
    judge(f"up, peers: {peers}", rate_between(
        [(time_s, now - before) for (_, before), (time_s, now) in zip(steps, steps[1:])]), rate)
    leecher.kill()
    bttui.end()
    shutil.rmtree(directory)


def uploaded(bttui):
    return [(event["time"], event["uploaded_bytes"]) for event in bttui.seen("progress")
            if event["uploaded_bytes"] > 0] or [(0, 0)]


RATES = [50 * KIB, 5 * MIB, 200 * MIB] if FULL else [5 * MIB]
PEERS = [1, 50] if FULL else [3]


def matrix(lab, direction):
    for rate in RATES:
        for peers in PEERS:
            print(f"        {rate // KIB} KiB/s")
            one = up_fast if direction is up and rate > FAST else direction
            one(lab, rate, peers)


def downloads(lab):
    matrix(lab, down)


def uploads(lab):
    matrix(lab, up)


run(downloads, uploads, limit_s=600 if FULL else 60)
