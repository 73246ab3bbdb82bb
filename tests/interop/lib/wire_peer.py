"""A seeder in Python that can lie, dawdle, and remember every block it sent."""

import random
import socket
import struct
import threading
import time

from lab import in_background
from payload import bencode

CHOKE, UNCHOKE, INTERESTED, BITFIELD, REQUEST, PIECE = 0, 1, 2, 5, 6, 7
EXTENDED = 20


class WirePeer:
    """Seeds PAYLOAD on HOST. POISON: the share of blocks sent with a wrong byte.
    RATE: bytes a second and connection, 0 for as fast as it goes. SILENT_AFTER: so many
    blocks, then it takes requests and answers none. CLIENT: the name it gives itself in an
    extension handshake (BEP 10), bytes. WAITS: before its first block, or after its first
    wrong one if there are such, until `go_on` is set: what else is to take part then does."""

    def __init__(self, lab, payload, host="127.0.0.1", poison=0.0, rate=0, seed=3,
                 silent_after=None, client=None, waits=False):
        self.payload, self.poison, self.rate = payload, poison, rate
        self.silent_after, self.client = silent_after, client
        self.data = payload.read(0, payload.total_bytes)
        self.random = random.Random(seed)
        self.peer_id = b"-IT0001-" + random.SystemRandom().randbytes(12)
        self.sent = []  # (piece, begin, whether it was poisoned), in order
        self.connections = 0
        self.go_on = threading.Event()
        if not waits:
            self.go_on.set()
        self.lock = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, 0))
        self.socket.listen(16)
        self.host, self.port = host, self.socket.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        in_background(self._accept)
        lab.closers.append(self.socket.close)

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            in_background(self._serve, connection)

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                self._talk(connection, stream)
        except (OSError, struct.error):
            pass

    def _talk(self, connection, stream):
        hello = stream.read(68)
        if len(hello) < 68 or hello[28:48] != self.payload.infohash:
            return
        extensions = bytes(8) if self.client is None else b"\0\0\0\0\0\x10\0\0"
        connection.sendall(b"\x13BitTorrent protocol" + extensions + self.payload.infohash +
                           self.peer_id)
        if self.client is not None:
            hello = bencode({"m": {}, "v": self.client})
            connection.sendall(struct.pack(">IBB", len(hello) + 2, EXTENDED, 0) + hello)
        count = self.payload.piece_count
        bits = bytearray(b"\xff" * ((count + 7) // 8))
        if count % 8:
            bits[-1] = 0xff << (8 - count % 8) & 0xff
        connection.sendall(struct.pack(">IB", len(bits) + 1, BITFIELD) + bits)
        while True:
            length = struct.unpack(">I", stream.read(4))[0]
            if length == 0:
                continue
            message = stream.read(length)
            if message[0] == INTERESTED:
                connection.sendall(struct.pack(">IB", 1, UNCHOKE))
            elif message[0] == REQUEST:
                self._send(connection, *struct.unpack(">III", message[1:13]))

    def _send(self, connection, piece, begin, length):
        start = piece * self.payload.piece_bytes + begin
        block = bytearray(self.data[start:start + length])
        poisoned = self.random.random() < self.poison
        if poisoned:
            block[self.random.randrange(length)] ^= 0x40
        if not self.poison:
            self.go_on.wait()
        with self.lock:
            if self.silent_after is not None and len(self.sent) >= self.silent_after:
                return
            self.sent.append((piece, begin, poisoned))
        if self.rate:
            time.sleep(length / self.rate)
        connection.sendall(struct.pack(">IBII", length + 9, PIECE, piece, begin) + block)
        if poisoned:
            self.go_on.wait()

    def has_poisoned(self):
        return any(poisoned for _, _, poisoned in self.sent_since(0))

    def sent_since(self, mark):
        """Blocks sent after the first MARK ones."""
        with self.lock:
            return self.sent[mark:]
