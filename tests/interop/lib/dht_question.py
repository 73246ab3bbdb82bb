"""A node of the DHT is asked whom it knows to have a torrent (BEP 5): how a test learns that
somebody is announced."""

import os
import socket

from lab import wait_until
from payload import bencode


def _ask(host, port, infohash):
    """The answer to a `get_peers`; nothing if it does not come."""
    question = {"t": os.urandom(2), "y": "q", "q": "get_peers", "ro": 1,
                "a": {"id": os.urandom(20), "info_hash": infohash}}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asker:
        asker.settimeout(1)
        asker.sendto(bencode(question), (host, port))
        try:
            return asker.recv(2048)
        except OSError:
            return b""


def wait_announced(host, ports, *infohashes, timeout_s=None):
    """Until nodes at PORTS know peers of all of INFOHASHES."""
    for infohash in infohashes:
        wait_until(lambda asked=infohash: any(b"6:values" in _ask(host, port, asked)
                                              for port in ports),
                   f"{infohash.hex()} to be announced", timeout_s)
