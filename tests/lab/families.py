"""Hosts of both families: one that has IPv4 alone, one that has IPv6 alone, and one that has both.
Each of the first two has half of the payload, and the third nothing: all complete from each other.
bttui in each place, and libtorrent once in each; found through a tracker, and through the DHT."""

import json
import os
import socket
import sys

from bttui import Bttui
from clients import Libtorrent
from lab import Process, check, check_equal, run, wait_until
from network import BareHosts, enter_own_namespaces
from payload import Payload

PORT, TRACKER_PORT = 6881, 8000
ADDRESSES = {"v4": ["10.3.0.1"], "v6": ["fd03::2"], "both": ["10.3.0.3", "fd03::3"],
             "switch": ["10.3.0.254", "fd03::fe"]}
NAME = "tracker.lab.example"

# A tracker over both families (BEP 7): it gives out all that have announced themselves.
TRACKER = """
import http.server, json, socket, socketserver, sys, threading, urllib.parse

swarm, lock = {4: set(), 16: set()}, threading.Lock()

class Tracker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2], encoding="latin-1"))
        host = self.client_address[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        packed = socket.inet_pton(family, host)
        with lock:
            swarm[len(packed)].add(packed + int(query["port"]).to_bytes(2, "big"))
            four, six = b"".join(swarm[4]), b"".join(swarm[16])
        body = b"d8:intervali60e5:peers%d:%s6:peers6%d:%se" % (len(four), four, len(six), six)
        sys.stdout.write(json.dumps(host) + "\\n")
        sys.stdout.flush()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self): # HTTPServer's asks for its own name
        socketserver.TCPServer.server_bind(self)

class Server6(Server):
    address_family = socket.AF_INET6

for server, host in ((Server, sys.argv[1]), (Server6, sys.argv[2])):
    web = server((host, int(sys.argv[3])), Tracker)
    threading.Thread(target=web.serve_forever, daemon=True).start()
print('"ready"', flush=True)
threading.Event().wait()
"""


# What three nodes answer to a question for a torrent's peers.
ASK_NODES = """
import os, socket, sys
host, port, infohash = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
question = (b"d1:ad2:id20:" + os.urandom(20) + b"9:info_hash20:" + infohash
            + b"e1:q9:get_peers2:roi1e1:t2:tt1:y1:qe")
with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.settimeout(1)
    for number in range(3):
        asker.sendto(question, (host, port + number))
        try:
            print(asker.recv(2048).hex(), flush=True)
        except OSError:
            pass
"""


class Lan(BareHosts):
    def __init__(self, lab):
        with open(lab.path("hosts"), "w", encoding="ascii") as file:
            file.writelines(f"{address} {NAME}\n" for address in ADDRESSES["switch"])
        super().__init__(lab, ADDRESSES, f"mount --bind {lab.path('hosts')} /etc/hosts")
        self.shell("v4", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        self.ip("switch", "link add br0 type bridge", "link set br0 up", *self.addresses("switch", "br0"))
        for name in ("v4", "v6", "both"):
            self.ip("switch", f"link add {name} type veth peer name lan0 netns {self.pid(name)}",
                    f"link set {name} master br0", f"link set {name} up")
            self.ip(name, "link set lan0 up", *self.addresses(name, "lan0"))
        self.made = True

    @staticmethod
    def addresses(name, interface):
        return [f"addr add {address}/{'64 dev ' + interface + ' nodad' if ':' in address else '24 dev ' + interface}"
                for address in ADDRESSES[name]]


class Place:
    def __init__(self, lab, trackers):
        self.lab, self.hosts = lab, Lan(lab)
        self.payload = Payload(lab.new_dir("payload"), "payload", [4 << 20], piece_bytes=1 << 16)
        self.torrent = self.payload.torrent(lab.path("payload.torrent"), *trackers)
        self.clients = {}

    def half(self, name):
        """A directory with the first half (IPv4), the second (IPv6), or nothing."""
        directory, half = self.lab.new_dir(name), self.payload.total_bytes // 2
        begin = {"v4": 0, "v6": half}.get(name)
        if begin is not None:
            with open(os.path.join(directory, "payload"), "wb") as file:
                file.truncate(self.payload.total_bytes)
                file.seek(begin)
                file.write(self.payload.read(begin, half))
        return directory

    def start(self, name, libtorrent=False, dht=None):
        directory = self.half(name)
        with self.hosts.on(name):
            if libtorrent:
                listen = {"listen_interfaces": f"0.0.0.0:{PORT},[::]:{PORT}"}
                client = Libtorrent(self.lab, self.torrent, directory, port=PORT, settings=listen)
                client.directory = directory
            else:
                client = Bttui(self.lab, self.torrent, directory, port=PORT, name=name, dht=dht)
                client.wait_event("checked", have=0 if name == "both" else self.payload.piece_count // 2)
        self.clients[name] = client

    def announced(self):
        """Whom the nodes at "switch" give out, as they tell who is of their family."""
        found = set()
        for name, host in zip(("v4", "v6"), ADDRESSES["switch"]):
            asked = self.hosts.script("switch", ASK_NODES, host, PORT, self.payload.infohash.hex())
            asked.wait()
            packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET,
                                      ADDRESSES[name][0]) + PORT.to_bytes(2, "big")
            if packed.hex() in asked.text(asked.out):
                found.add(name)
        return found

    def complete(self):
        def is_complete(client):
            client.must_run()
            return client.seen("completed") if isinstance(client, Bttui) else client.complete()
        wait_until(lambda: all(map(is_complete, self.clients.values())), "all to be complete")
        for client in self.clients.values():
            client.end()
            check_equal(self.payload.differences(client.directory), [], "files that differ")


def through_a_tracker(lab, libtorrent=None):
    place = Place(lab, [f"http://{NAME}:{TRACKER_PORT}/announce"])
    with place.hosts.on("switch"):
        tracker = Process(lab, "tracker", [sys.executable, "-c", TRACKER, *ADDRESSES["switch"],
                                           str(TRACKER_PORT)])
    wait_until(lambda: "ready" in tracker.text(tracker.out), "the tracker")
    for name in ("v4", "v6", "both"):
        place.start(name, libtorrent=name == libtorrent)
    place.complete()
    asked = {json.loads(line) for line in tracker.text(tracker.out).splitlines()}
    for name in ("v4", "v6", "both"):
        check(asked & set(ADDRESSES[name]), f"{name} did not ask the tracker: {asked}")


def bttui_in_each_place(lab):
    through_a_tracker(lab)


def libtorrent_with_ipv4(lab):
    through_a_tracker(lab, "v4")


def libtorrent_with_ipv6(lab):
    through_a_tracker(lab, "v6")


def libtorrent_with_both(lab):
    through_a_tracker(lab, "both")


def through_the_dht(lab):
    """Nodes that have no torrent stand between them."""
    place = Place(lab, [])
    nodes = [f"{ADDRESSES['switch'][0]}:{PORT}", f"[{ADDRESSES['switch'][1]}]:{PORT}"]
    with place.hosts.on("switch"):
        for number in range(3):
            Bttui(lab, None, lab.new_dir("idle"), port=PORT + number, name="node", dht=nodes)
    for name in ("v4", "v6"):
        place.start(name, dht=[node for node in nodes if (node[0] == "[") == (name == "v6")])
    wait_until(lambda: place.announced() == {"v4", "v6"}, "both to be announced")
    place.start("both", dht=nodes)
    place.complete()


enter_own_namespaces()
run(bttui_in_each_place, libtorrent_with_ipv4, libtorrent_with_ipv6, libtorrent_with_both,
    through_the_dht)
