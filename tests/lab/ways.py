"""A host with two ways out to a server that has everything which a client of BitTorrent may want
to speak to, what is asked of it, and captures of what leaves. Skips where networks cannot be
made."""

import json

from bttui import Bttui
from lab import check, check_equal, wait_until
from network import BareHosts
from payload import Payload, bencode

PORT, TRACKER_PORT = 6881, 8000
SERVER, SERVER6 = "10.9.0.1", "fd09::1"
TCP, UDP = 6, 17
GATEWAYS = ("10.1.0.1", "fd01::1", "10.2.0.1", "fd02::1")

# Name server, HTTP and UDP tracker; a line of JSON for each question.
SERVERS = """
import http.server, json, socket, socketserver, struct, sys, threading

ADDRESSES = {4: sys.argv[1], 6: sys.argv[2]}
PEERS = int(sys.argv[3])

def tell(**what):
    sys.stdout.write(json.dumps(what) + "\\n") # in one: threads tell, too
    sys.stdout.flush()

def packed(version):
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    return socket.inet_pton(family, ADDRESSES[version])

def names(version, server):
    while True:
        query, source = server.recvfrom(2000)
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        name = ".".join(labels)
        tell(what="name", name=name, source=source[0])
        answer = b""
        data = {1: packed(4), 28: packed(6)}.get(kind) if name.endswith("lab.example") else None
        if data:
            answer = b"\\xc0\\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
        code = 0x8180 if name.endswith("lab.example") else 0x8183
        server.sendto(query[:2] + struct.pack(">HHHHH", code, 1, bool(answer), 0, 0)
                      + query[12:at + 5] + answer, source)

class Tracker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        tell(what="http", host=self.headers["Host"], source=self.client_address[0])
        moved = self.headers["Host"].startswith("tracker.")
        peers = packed(4) + PEERS.to_bytes(2, "big")
        peers6 = packed(6) + PEERS.to_bytes(2, "big")
        body = (b"d8:intervali1800e5:peers%d:%s6:peers6%d:%se" % (len(peers), peers, len(peers6), peers6))
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", f"http://second.lab.example:{self.server.server_port}{self.path}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self): # HTTPServer's asks for its own name
        socketserver.TCPServer.server_bind(self)
        self.server_port = self.server_address[1]

class Server6(Server):
    address_family = socket.AF_INET6

def udp_tracker(server):
    while True:
        query, source = server.recvfrom(2000)
        action, transaction = query[8:12], query[12:16]
        tell(what="udp", source=source[0])
        if action == b"\\0\\0\\0\\0":
            server.sendto(action + transaction + b"12345678", source)
        else:
            server.sendto(action + transaction + struct.pack(">III", 1800, 1, 1), source)

for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
    for port, serve in ((53, None), (int(sys.argv[4]), udp_tracker)):
        server = socket.socket(family, socket.SOCK_DGRAM)
        server.bind((ADDRESSES[version], port))
        arguments = (version, server) if serve is None else (server,)
        threading.Thread(target=serve or names, args=arguments, daemon=True).start()
    web = (Server if version == 4 else Server6)((ADDRESSES[version], int(sys.argv[4])), Tracker)
    threading.Thread(target=web.serve_forever, daemon=True).start()
tell(what="ready")
threading.Event().wait()
"""

# What leaves by one interface, or by all (""), a line each. Of what the kernel does by itself (IPv6
# neighbours, groups of a link) only who is looked for, and which groups of ours are joined.
CAPTURE = """
import json, socket, struct, sys

OUTGOING = 4

def tell(**what):
    print(json.dumps(what), flush=True)

def ipv4(packet):
    return dict(protocol=packet[9], source=socket.inet_ntop(2, packet[12:16]),
                to=socket.inet_ntop(2, packet[16:20]), begin=packet[20:34].hex())

def ipv6(packet):
    source, to = (socket.inet_ntop(10, packet[at:at + 16]) for at in (8, 24))
    protocol, body = packet[6], packet[40:]
    if protocol == 0: # hop by hop: a router alert before what follows
        protocol, body = body[0], body[8 * (body[1] + 1):]
    if protocol == 58 and body[0] == 135:
        return None if source == "::" else dict(protocol="neighbour", to=socket.inet_ntop(10, body[8:24]))
    if protocol == 58 and body[0] == 143:
        groups = [body[at:at + 16] for at in range(12, len(body) - 15, 20)]
        ours = [socket.inet_ntop(10, group) for group in groups if group[:2] != b"\\xff\\x02"]
        return dict(protocol="group", to=ours[0]) if ours else None
    if protocol == 58 and (to.startswith("ff02") or body[0] in (133, 136)):
        return None
    return dict(protocol=protocol, source=source, to=to, begin=body[:14].hex())

def arp(packet):
    asks = packet[6:8] == b"\\0\\1" and packet[14:18] != packet[24:28]
    return dict(protocol="neighbour", to=socket.inet_ntop(2, packet[24:28])) if asks else None

sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
if sys.argv[1]:
    sock.bind((sys.argv[1], 3))
tell(what="ready")
while True:
    packet, (interface, kind, way, *_rest) = sock.recvfrom(2000)
    reader = {0x0800: ipv4, 0x86dd: ipv6, 0x0806: arp}.get(kind)
    line = reader(packet) if reader and way == OUTGOING else None
    if line:
        tell(what="packet", interface=interface, **line)
"""


def told(process):
    """The lines of one of the scripts above."""
    return [json.loads(line) for line in process.text(process.out).splitlines()]


def leaks(capture, fine=lambda line: False):
    """What left but what is FINE, and but for bare resets: what arrives for a socket that is
    closed, before the routes are back, is answered so by the kernel, for which the interface is
    that of no socket."""
    return [line for line in told(capture) if line["what"] == "packet" and not fine(line) and
            not (line["protocol"] == TCP and line["begin"].endswith("5004")) and
            not (line["protocol"] == "neighbour" and line["to"] in GATEWAYS)]


def kind_of(packet):
    """What a packet of a capture was sent for."""
    if packet["protocol"] not in (TCP, UDP):
        return f"{packet['protocol']} {packet['to']}"
    port, payload = int(packet["begin"][4:8], 16), packet["begin"][16:18]
    if packet["protocol"] == TCP:
        return {TRACKER_PORT: "HTTP", PORT: "TCP peer", PORT + 1: "TCP peer"}.get(port, f"TCP {port}")
    if port in (PORT, PORT + 1):
        return {"64": "DHT", "41": "uTP"}.get(payload, "UDP peer")
    return {53: "name", TRACKER_PORT: "UDP tracker", 6771: "LSD",
            5351: "port mapping", 1900: "UPnP"}.get(port, f"UDP {port}")


class Net(BareHosts):
    """The host "client" reaches the host "server" by wan0 and by vpn0, which is nearer."""

    def __init__(self, lab):
        with open(lab.path("resolv.conf"), "w", encoding="ascii") as file:
            file.write(f"nameserver {SERVER}\nnameserver {SERVER6}\n")
        super().__init__(lab, ("client", "server"),
                         f"mount --bind {lab.path('resolv.conf')} /etc/resolv.conf")
        self.ip("server", f"addr add {SERVER}/32 dev lo", f"addr add {SERVER6}/128 dev lo nodad")
        self.join("wan", 1)
        self.join("vpn", 2)
        self.made = True

    def join(self, name, number):
        server = self.pid("server")
        self.ip("client", f"link add {name}0 type veth peer name {name}1 netns {server}")
        self.ip("server", f"addr add 10.{number}.0.1/24 dev {name}1",
                f"addr add fd0{number}::1/64 dev {name}1 nodad", f"link set {name}1 up")
        self.up(name, number)

    def up(self, name="vpn", number=2):
        """What the kernel forgets when a link goes down is put back, too."""
        metric = 100 // number
        self.ip("client", f"link set {name}0 up", f"addr replace 10.{number}.0.2/24 dev {name}0",
                f"addr replace fd0{number}::2/64 dev {name}0 nodad",
                f"route replace default via 10.{number}.0.1 dev {name}0 metric {metric}",
                f"route replace default via fd0{number}::1 dev {name}0 metric {metric}")

    def script(self, name, source, *arguments):
        """Until it says that it is ready."""
        process = super().script(name, source, *arguments)
        wait_until(lambda: "ready" in process.text(process.out), "the script")
        return process


class Temptations:
    """On the server: name server, trackers, web server, and two that seed, each a node of the DHT
    that calls on the local network. `torrent` and `options` have a client want all of it, and
    peers who are nowhere on its own links; the magnet link among them is of `other`."""

    def __init__(self, lab, net, mib=1, rate="1M"):
        self.lab, self.net, self.rate, self.seeders = lab, net, rate, []
        self.servers = net.script("server", SERVERS, SERVER, SERVER6, PORT, TRACKER_PORT)
        self.payload = Payload(lab.new_dir("seed"), "payload", [mib << 20], piece_bytes=1 << 16)
        self.other = Payload(lab.new_dir("other"), "other", [1 << 18], piece_bytes=1 << 16, seed=8)
        trackers = [f"http://tracker.lab.example:{TRACKER_PORT}/announce",
                    f"udp://tracker.lab.example:{TRACKER_PORT}", f"udp://[{SERVER6}]:{TRACKER_PORT}"]
        self.torrent = lab.path("payload.torrent")
        with open(self.torrent, "wb") as file:
            file.write(bencode({"info": self.payload.info(),
                                "announce-list": [[tracker] for tracker in trackers],
                                "url-list": [f"http://web.lab.example:{TRACKER_PORT}/"]}))
        magnet = (f"magnet:?xt=urn:btih:{self.other.infohash.hex()}&x.pe={SERVER}:{PORT + 1}"
                  f"&tr=udp%3A%2F%2Ftracker.lab.example%3A{TRACKER_PORT}")
        peers = [f"{SERVER}:{PORT}", f"[{SERVER6}]:{PORT}", f"seed.lab.example:{PORT}",
                 f"10.1.0.99:{PORT}", f"10.2.0.99:{PORT}"]
        self.options = ["--upnp", *(f"--peer={peer}" for peer in peers), magnet]
        self.nodes = [f"{SERVER}:{PORT}", f"[{SERVER6}]:{PORT + 1}", f"seed.lab.example:{PORT}"]
        self.seed()

    def seed(self):
        with self.net.on("server"):
            for number, payload in enumerate((self.payload, self.other)):
                torrent = payload.torrent(self.lab.path(f"seed{number}.torrent"))
                self.seeders.append(Bttui(
                    self.lab, torrent, payload.dir, f"--max-up={self.rate}", port=PORT + number,
                    name="seeder", dht=[f"{SERVER}:{PORT + 1 - number}"], lsd=True).seeding())

    def client(self, *options):
        with self.net.on("client"):
            return Bttui(self.lab, self.torrent, self.lab.new_dir("target"), *options, *self.options,
                         name="client", dht=self.nodes, lsd=True, portmap=True)

    def sources(self):
        """From where anything was asked."""
        return {line["source"] for line in told(self.servers) if "source" in line}

    def complete(self, client):
        wait_until(lambda: len(client.seen("completed")) == 2, "both to be complete")
        for payload in (self.payload, self.other):
            check_equal(payload.differences(client.directory), [], "files that differ")
        check(not any("sandbox" in event["message"] for event in client.seen("warning")),
              "the sandbox is in the way")
        client.finish()
