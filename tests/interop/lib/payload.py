"""Payload made of a seed, and the .torrent file that describes it."""

import hashlib
import os
import random
import socket

NAMES = ("данные", "データ", "Ωmega", "data", "русский файл", "日本語の名前", "naïve café", "plain")


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    items = sorted((key if isinstance(key, bytes) else key.encode(), item)
                   for key, item in value.items())
    return b"d" + b"".join(bencode(key) + bencode(item) for key, item in items) + b"e"


def compact(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.inet_pton(family, host) + port.to_bytes(2, "big")


def many_sizes(count, total_bytes, seed=1):
    """COUNT sizes that add up to TOTAL_BYTES: every 17th is nothing, others vary widely."""
    source = random.Random(seed)
    weights = [0 if i % 17 == 0 else source.random() ** 3 + 0.01 for i in range(count)]
    scale = total_bytes / sum(weights)
    sizes = [int(weight * scale) for weight in weights]
    sizes[1] += total_bytes - sum(sizes)
    return sizes


def many_paths(count):
    return [f"{NAMES[i % len(NAMES)]}/{NAMES[i // 8 % len(NAMES)]} {i:04}.bin"
            for i in range(count)]


class Payload:
    """Files below DIR/NAME and their torrent. SIZES of one number: a single file."""

    def __init__(self, directory, name, sizes, paths=None, piece_bytes=1 << 18, seed=7):
        self.dir, self.name, self.piece_bytes = directory, name, piece_bytes
        self.sizes = list(sizes)
        self.single = paths is None and len(self.sizes) == 1
        if paths is None:
            paths = [""] if self.single else [f"file-{i}" for i in range(len(self.sizes))]
        self.paths = paths
        self.total_bytes = sum(self.sizes)
        self.sha256, self.pieces = {}, []
        self._write(random.Random(seed))
        self.piece_count = len(self.pieces)

    def file(self, directory, path):
        return os.path.join(directory, self.name, path) if path else \
            os.path.join(directory, self.name)

    def _write(self, source):
        piece, room = hashlib.sha1(), self.piece_bytes
        for path, size in zip(self.paths, self.sizes):
            target, digest = self.file(self.dir, path), hashlib.sha256()
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                while size > 0:
                    data = source.randbytes(min(size, room, 1 << 20))
                    file.write(data)
                    digest.update(data)
                    piece.update(data)
                    size, room = size - len(data), room - len(data)
                    if room == 0:
                        self.pieces.append(piece.digest())
                        piece, room = hashlib.sha1(), self.piece_bytes
            self.sha256[path] = digest.hexdigest()
        if room < self.piece_bytes:
            self.pieces.append(piece.digest())

    def info(self):
        info = {"name": self.name, "piece length": self.piece_bytes,
                "pieces": b"".join(self.pieces)}
        if self.single:
            info["length"] = self.total_bytes
        else:
            info["files"] = [{"length": size, "path": path.split("/")}
                             for size, path in zip(self.sizes, self.paths)]
        return info

    @property
    def infohash(self):
        return hashlib.sha1(bencode(self.info())).digest()

    def torrent(self, path, *trackers):
        """Writes the .torrent file to PATH; each of TRACKERS is a tier."""
        value = {"info": self.info()}
        if trackers:
            value["announce"] = trackers[0]
        if len(trackers) > 1:
            value["announce-list"] = [[tracker] for tracker in trackers]
        with open(path, "wb") as file:
            file.write(bencode(value))
        return path

    def piece_length(self, index):
        return min(self.piece_bytes, self.total_bytes - index * self.piece_bytes)

    def read(self, begin, length, directory=None):
        """LENGTH bytes of the whole from BEGIN; what is not there reads as zeros."""
        out, offset = bytearray(), 0
        for path, size in zip(self.paths, self.sizes):
            start = max(begin, offset)
            stop = min(begin + length, offset + size)
            if start < stop:
                data = b""
                try:
                    with open(self.file(directory or self.dir, path), "rb") as file:
                        file.seek(start - offset)
                        data = file.read(stop - start)
                except FileNotFoundError:
                    pass
                out += data.ljust(stop - start, b"\0")
            offset += size
        return bytes(out)

    def valid_pieces(self, directory):
        """Which pieces below DIRECTORY hash right: what is really on disk."""
        whole = self.read(0, self.total_bytes, directory)
        return {index for index, digest in enumerate(self.pieces)
                if hashlib.sha1(whole[index * self.piece_bytes:(index + 1) * self.piece_bytes])
                .digest() == digest}

    def differences(self, directory):
        """Paths below DIRECTORY whose SHA-256 is wrong or that are missing."""
        wrong = []
        for path in self.paths:
            digest = hashlib.sha256()
            try:
                with open(self.file(directory, path), "rb") as file:
                    while data := file.read(1 << 20):
                        digest.update(data)
            except OSError:
                wrong.append(path)
                continue
            if digest.hexdigest() != self.sha256[path]:
                wrong.append(path)
        return wrong
