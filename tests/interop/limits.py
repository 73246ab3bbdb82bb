"""A limit is kept within 2 % over 10 s, both ways, by one peer and by fifty, at 50 KiB/s,
5 MiB/s and 200 MiB/s: down with the bench's seeder, up with a leecher in Python that notes
when each block came, and at the highest rate with the bench's. BTTUI_INTEROP_FULL=1: all of
these, the highest where the machine is fast enough (TMPDIR in memory helps); otherwise one
rate, until it was kept for 3 s, and never more than there could be since the beginning: what
comes late on a machine that is held up comes in a heap, and is no more for that. Limits of a
torrent and of peers are set in the interface, and what comes of them is counted by the other
end; a peer's is one for each, so that fifty get fifty times it."""

import bisect
import itertools
import os
import selectors
import shutil
import socket
import struct
import sys
import time

from bttui import Bttui, bttui_path
from lab import PATIENCE_S, Process, Skip, check, free_port, run, wait_until
from payload import Payload

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "screen"))
from terminal import Terminal  # noqa: E402

FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
WARM_S, WINDOW_S = (2, 10) if FULL else (1, 3)
KIB, MIB = 1 << 10, 1 << 20
BLOCK = 16 * KIB
FAST, FASTEST = 20 * MIB, 2048 * MIB
SLOTS_S = 75  # until fifty peers have a slot each
HANDSHAKE = 68
CHOKE, UNCHOKE, INTERESTED, REQUEST, PIECE = 0, 1, 2, 6, 7
ASKED_AHEAD = 8
LEAST, MOST = (0.98 if FULL else 0.7), 1.02  # parts of the limit
SAVED_S = 0.1  # for so long a limit may save up


def tool(name):
    path = os.path.join(os.path.dirname(bttui_path()), "tests/bench", name)
    if not os.access(path, os.X_OK):
        raise Skip(f"{name} is not built")
    return path


def is_off(what, got, rate):
    """A line of the table; whether it is wrong. A machine with other things to do falls short:
    of the short run only too much is a fault, and what is nowhere near."""
    print(f"        {what:5} {got / KIB:9.1f} KiB/s {100 * (got / rate - 1):+6.2f} %")
    return not LEAST <= got / rate <= MOST


def rates_between(steps):
    """Of (time, bytes): in every WINDOW_S, from one that came to one that came, beginning WARM_S
    after the first. At full size the first of them is the measurement."""
    times = [at for at, _ in steps]
    sums = list(itertools.accumulate(count for _, count in steps))
    rates = []
    for begin in range(bisect.bisect_left(times, times[0] + WARM_S) if times else 0, len(times)):
        end = bisect.bisect_left(times, times[begin] + WINDOW_S)
        if end == len(times) or FULL and rates:
            break
        rates.append((sums[end] - sums[begin]) / (times[end] - times[begin]))
    return rates


def rate_between(steps, rate):
    """The one that comes nearest. All may have been there too soon."""
    return min(rates_between(steps), key=lambda got: abs(got - rate), default=float("inf"))


def is_enough(steps, rate):
    rates = rates_between(steps)
    return rates if FULL else any(LEAST <= got / rate <= MOST for got in rates)


def check_never_more(steps, since, rate, peers):
    """Nothing flowed before SINCE, and each may have a block more than was let through."""
    came = 0
    for at, count in steps:
        came += count
        most = MOST * rate * (at - since + SAVED_S) + peers * BLOCK
        check(came <= most, f"{came} bytes after {at - since:.3f} s, more than {most:.0f}")


# ---- down ----

class Seeder(Process):
    def __init__(self, lab, torrent, total, piece_bytes, peers, *options):
        port = free_port()
        super().__init__(lab, "seeder", [tool("bench_seeder"), *options, "-n", str(peers),
                                         torrent, str(total), str(piece_bytes), str(port)])
        wait_until(lambda: "ready" in self.text(self.out), "the seeder to listen")
        self.peers = [f"127.1.{number // 250}.{number % 250 + 1}:{port}"
                      for number in range(peers)]


def measure(one, what, lab, rate, peers):
    """The machine must be fast enough for there to be anything to limit."""
    if rate > FAST and (free := one(lab, rate, peers, 0)) < rate * 1.5:
        print(f"        {what:5} {free / KIB:9.1f} KiB/s without a limit: left out")
        return False
    return is_off(what, one(lab, rate, peers, rate), rate)


def down_rate(lab, rate, peers, limit):
    # The time of a piece is what is seen, and each peer has one that is not whole yet: so
    # small that all of these are a hundredth of the window.
    piece_bytes = max(BLOCK, 1 << (rate * WINDOW_S // 100 // peers).bit_length() - 1)
    piece_bytes = min(MIB, piece_bytes)
    total = int(rate * (WARM_S + WINDOW_S) * (1.4 if FULL else 4)) // piece_bytes * piece_bytes
    seeder = Seeder(lab, lab.path("payload.torrent"), total, piece_bytes, peers)
    options = [text for peer in seeder.peers for text in ("--peer", peer)]
    bttui = Bttui(lab, lab.path("payload.torrent"), lab.new_dir("target"), *options,
                  "--max-down", str(limit))
    pieces = bttui.wait_event("added")["pieces"]
    since = bttui.wait_event("peer")["time"]

    def steps():
        return [(event["time"], piece_bytes) for event in bttui.seen("piece", ok=True)]
    wait_until(lambda: is_enough(steps(), rate) or len(steps()) == pieces,
               "the end of the measurement")
    bttui.end()
    seeder.kill()
    shutil.rmtree(bttui.directory)
    if limit:
        check_never_more(steps(), since, rate, peers)
    return rate_between(steps(), rate)


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


def up_rate(lab, rate, peers, limit):
    if rate > FAST:
        return up_rate_fast(lab, rate, peers, limit)
    payload = Payload(lab.new_dir("seed"), "payload", [64 * MIB if FULL else 32 * MIB])
    torrent = payload.torrent(lab.path("payload.torrent"))
    bttui = Bttui(lab, torrent, payload.dir, "--max-up", str(limit)).seeding()
    selector, came, since = selectors.DefaultSelector(), [], time.monotonic()
    leechers = [Leecher(number, payload, bttui.port(), selector, came)
                for number in range(peers)]
    looked = since
    while time.monotonic() < looked + 0.1 or not is_enough(came, rate):
        looked = time.monotonic() if time.monotonic() >= looked + 0.1 else looked
        ready = selector.select(PATIENCE_S)
        check(ready and looked < since + PATIENCE_S, "the limit is not kept")
        for key, _ in ready:
            key.data.read()
    for leecher in leechers:
        leecher.socket.close()
    bttui.end()
    check_never_more(came, since, rate, peers)
    return rate_between(came, rate)


def up_rate_fast(lab, rate, peers, limit):
    """Too fast for Python: bttui's own count, once a second."""
    total = rate * (WARM_S + WINDOW_S + 4) // MIB * MIB
    torrent, directory = lab.path("payload.torrent"), lab.new_dir("seed")
    maker = Process(lab, "payload", [tool("bench_payload"), torrent, str(total), str(MIB),
                                     os.path.join(directory, "payload")])
    check(maker.wait() == 0, "the payload was not made")
    bttui = Bttui(lab, torrent, directory, "--max-up", str(limit)).seeding()
    leecher = Process(lab, "leecher", [tool("bench_leecher"), str(total), str(MIB),
                                       f"127.0.0.1:{bttui.port()}", str(peers)])
    wait_until(lambda: not leecher.running() or uploaded(bttui)[-1][0] >
               uploaded(bttui)[0][0] + WARM_S + WINDOW_S + 1, "what was sent")
    steps = uploaded(bttui)
    leecher.kill()
    bttui.end()
    shutil.rmtree(directory)
    return rate_between(
        [(time_s, now - before) for (_, before), (time_s, now) in zip(steps, steps[1:])], rate)


def uploaded(bttui):
    return [(event["time"], event["uploaded_bytes"]) for event in bttui.seen("progress")
            if event["uploaded_bytes"] > 0] or [(0, 0)]


# ---- of a torrent, of a peer ----

def told(process):
    """What the other end has counted: (time, bytes since)."""
    lines = [line.split() for line in process.text(process.out).split("\n")[:-1]
             if line.startswith("at ")]
    counts = [(float(at), int(count)) for _, at, count in lines]
    return [(at, count - before) for (_, before), (at, count) in zip(counts, counts[1:])]


def set_limits(terminal, kind, peers, rate):
    """Until then next to nothing is let through, and from then on only they hold. Gives the
    times before and after that."""
    if kind == "peer":
        terminal.press("Enter")
        terminal.wait_for(rf"\b{peers} connected", 60)
        terminal.press("A")
    for key, label, limits in (("T", "limits: ", f"{rate} {rate}"), ("O", "Limits of all: ", "0 0")):
        terminal.press(key)
        terminal.wait_for(label)
        terminal.press("C-u")
        terminal.type(limits)
        before = time.monotonic()
        terminal.press("Enter")
        terminal.wait_gone(label)
    return before, time.monotonic()


def in_terminal(lab, directory, torrent, port, *options):
    terminal = Terminal(lab, 120, 40)
    terminal.run(bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "-p", str(port), "-d",
                 directory, "-s", lab.new_dir("state"), "--max-down=1K", "--max-up=1K", *options,
                 torrent)
    return terminal


def rate_at_other_end(other, before, since, rate, peers):
    def steps(begin):
        return [step for step in told(other) if step[0] > begin]
    wait_until(lambda: not other.running() or is_enough(steps(since), rate),
               "the end of the measurement", since - time.monotonic() + PATIENCE_S)
    check_never_more(steps(before), before, rate, peers)
    return rate_between(steps(since), rate)


def limited_down(lab, kind, rate, peers):
    whole = rate * (peers if kind == "peer" else 1)
    piece_bytes = min(MIB, max(BLOCK, 1 << (whole * WINDOW_S // 100 // peers).bit_length() - 1))
    total = int(whole * (WARM_S + WINDOW_S) * 1.5) // piece_bytes * piece_bytes + 64 * MIB
    seeder = Seeder(lab, lab.path("payload.torrent"), total, piece_bytes, peers, "-t")
    target = lab.new_dir("target")
    terminal = in_terminal(lab, target, lab.path("payload.torrent"), 0,
                           *(f"--peer={peer}" for peer in seeder.peers))
    terminal.wait_for("payload")
    got = rate_at_other_end(seeder, *set_limits(terminal, kind, peers, rate), whole, peers)
    terminal.press("Q")
    terminal.wait_shell()
    seeder.kill()
    shutil.rmtree(target)
    return is_off("down", got, whole)


def limited_up(lab, kind, rate, peers):
    whole = rate * (peers if kind == "peer" else 1)
    total = max(64 * MIB, int(whole * (WARM_S + WINDOW_S) * 1.5)) // MIB * MIB
    torrent, directory, port = lab.path("payload.torrent"), lab.new_dir("seed"), free_port()
    maker = Process(lab, "payload", [tool("bench_payload"), torrent, str(total), str(MIB),
                                     os.path.join(directory, "payload")])
    check(maker.wait() == 0, "the payload was not made")
    terminal = in_terminal(lab, directory, torrent, port)
    terminal.wait_for("S payload .*100%", 60)
    # The blocks of one that is a fiftieth of the whole are few: eight are asked for at a time.
    leecher = Process(lab, "leecher", [tool("bench_leecher"), "-t", str(total), str(MIB),
                                       f"127.0.0.1:{port}", str(peers), "8"])
    before, since = set_limits(terminal, kind, peers, rate)
    # Those that their own limits hold leave their slots to others, once in ten seconds.
    since += SLOTS_S if kind == "peer" and peers > 8 else 0
    got = rate_at_other_end(leecher, before, since, whole, peers)
    leecher.kill()
    terminal.press("Q")
    terminal.wait_shell()
    shutil.rmtree(directory)
    return is_off("up", got, whole)


RATES = [50 * KIB, 5 * MIB, 200 * MIB] if FULL else [MIB]
PEERS = [1, 50] if FULL else [3]


def matrix(lab, one, what):
    wrong = []
    for rate in RATES:
        for peers in PEERS:
            print(f"        {rate // KIB} KiB/s, peers: {peers}")
            if measure(one, what, lab, rate, peers):
                wrong.append((rate, peers))
    check(not wrong, f"{what}: off at (rate, peers) {wrong}")


def limited(lab, kind):
    """As far as the machine is fast enough for the whole."""
    wrong = []
    for one, free in ((limited_down, down_rate), (limited_up, up_rate)):
        for rate in RATES:
            for peers in PEERS:
                whole = rate * (peers if kind == "peer" else 1)
                print(f"        {rate // KIB} KiB/s a {kind}, peers: {peers}")
                if whole > FASTEST:
                    print("        more than any loopback device carries: left out")
                elif whole > FAST and (most := free(lab, whole, peers, 0)) < whole * 1.5:
                    print(f"        {most / KIB:9.1f} KiB/s without a limit: left out")
                elif one(lab, kind, rate, peers):
                    wrong.append((one.__name__, rate, peers))
    check(not wrong, f"{kind}: off at {wrong}")


def of_a_torrent(lab):
    limited(lab, "torrent")


def of_peers(lab):
    limited(lab, "peer")


def downloads(lab):
    matrix(lab, down_rate, "down")


def uploads(lab):
    matrix(lab, up_rate, "up")


run(downloads, uploads, of_a_torrent, of_peers, limit_s=1800 if FULL else 900)
