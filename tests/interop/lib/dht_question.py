"""A node of the DHT is asked whom it knows to have a torrent (BEP 5): how a test learns that
somebody is announced."""

import os
import select
import socket
import time

from lab import wait_until
from payload import bencode

ASK_AGAIN_S = 0.5


class _Asker:
    """Asks nodes at HOST, PORTS for peers of INFOHASH until one of them names some. An answer
    counts however late it comes."""

    def __init__(self, host, ports, infohash):
        self.places, self.infohash, self.asked_at = [(host, port) for port in ports], infohash, 0
        self.socket = socket.socket(
            socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)

    def _ask(self):
        for place in self.places:
            self.socket.sendto(bencode({
                "t": os.urandom(2), "y": "q", "q": "get_peers", "ro": 1,
                "a": {"id": os.urandom(20), "info_hash": self.infohash}}), place)

    def _answers(self):
        while select.select([self.socket], [], [], 0)[0]:
            try:
                yield self.socket.recv(2048)
            except OSError:  # nobody listens at one of them
                pass

    def is_told(self):
        if time.monotonic() - self.asked_at > ASK_AGAIN_S:
            self.asked_at = time.monotonic()
            self._ask()
        return any(b"6:values" in answer for answer in self._answers())


def wait_announced(host, ports, *infohashes, timeout_s=None):
    """Until nodes at PORTS know peers of all of INFOHASHES."""
    for infohash in infohashes:
        asker = _Asker(host, ports, infohash)
        with asker.socket:
            wait_until(asker.is_told, f"{infohash.hex()} to be announced", timeout_s)
