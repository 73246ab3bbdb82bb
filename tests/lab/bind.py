"""--bind: a host with two ways out, the better of which is the one it is tied to. That one
goes and comes back, under a download: nothing leaves by the other, not even a question for a
name, and the download goes on by itself."""

import contextlib
import json
import os
import subprocess
import sys
import time

from bttui import Bttui
from lab import Process, Skip, check, check_equal, program, run, wait_until
from payload import Payload

PORT, TRACKER_PORT = 6881, 8000
SERVER, SERVER6 = "10.9.0.1", "fd09::1"
OURS, OURS6 = "10.2.0.2", "fd02::2"

# Name server, HTTP and UDP tracker; a line of JSON for each question.
SERVERS = """
import http.server, json, socket, socketserver, struct, sys, threading

ADDRESSES = {4: sys.argv[1], 6: sys.argv[2]}
PEERS = int(sys.argv[3])

def tell(**what):
    print(json.dumps(what), flush=True)

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
        moved = not self.headers["Host"].startswith("second.")
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

# Every packet on an interface but neighbours looking for each other: a line each.
CAPTURE = """
import json, socket, struct, sys

def tell(**what):
    print(json.dumps(what), flush=True)

sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
sock.bind((sys.argv[1], 3))
tell(what="ready")
while True:
    packet, (_, protocol, *_rest) = sock.recvfrom(2000)
    if protocol == 0x0800:
        tell(what="packet", protocol=packet[9], source=socket.inet_ntop(2, packet[12:16]),
             to=socket.inet_ntop(2, packet[16:20]), begin=packet[20:34].hex())
    elif protocol == 0x86dd and packet[24] != 0xff and packet[6] != 58:
        tell(what="packet", protocol=packet[6], source=socket.inet_ntop(10, packet[8:24]),
             to=socket.inet_ntop(10, packet[24:40]), begin=packet[40:54].hex())
"""


def told(process):
    return [json.loads(line) for line in process.text(process.out).splitlines()]


class Net:
    """The host "client" reaches the host "server" by wan0 and by vpn0, which is nearer."""

    def __init__(self, lab):
        self.lab, self.holders = lab, {}
        lab.closers.append(self.close)
        with open(lab.path("resolv.conf"), "w", encoding="ascii") as file:
            file.write(f"nameserver {SERVER}\nnameserver {SERVER6}\n")
        mount = f"mount --bind {lab.path('resolv.conf')} /etc/resolv.conf"
        for name in ("client", "server"):
            # pylint: disable=consider-using-with
            self.holders[name] = subprocess.Popen(
                [program("unshare"), "--net", "--mount", "--kill-child", "sh", "-c",
                 f"{mount} && ip link set lo up && echo ready && exec sleep 600"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if self.holders[name].stdout.readline() != "ready\n":
                raise Skip(f"no network here: {self.holders[name].stderr.read().strip()}")
        self.ip("server", f"addr add {SERVER}/32 dev lo", f"addr add {SERVER6}/128 dev lo nodad")
        self.join("wan", 1)
        self.join("vpn", 2)

    def join(self, name, number):
        server = self.holders["server"].pid
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

    def enter(self, name):
        return [program("nsenter"), f"--target={self.holders[name].pid}", "--net", "--mount"]

    def ip(self, name, *lines):
        done = subprocess.run([*self.enter(name), program("ip"), "-batch", "-"],
                              input="\n".join(lines), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"ip {lines}: {done.stderr.strip()}")

    @contextlib.contextmanager
    def on(self, name):
        self.lab.prefix = self.enter(name)
        try:
            yield
        finally:
            self.lab.prefix = []

    def script(self, name, source, *arguments):
        with self.on(name):
            process = Process(self.lab, f"script-{name}",
                              [sys.executable, "-c", source, *map(str, arguments)])
        wait_until(lambda: "ready" in process.text(process.out), "the script")
        return process

    def close(self):
        for holder in self.holders.values():
            holder.kill()
            holder.wait()
            holder.stdout.close()
            holder.stderr.close()


class Place:
    """Servers, a seeder behind the trackers, and a capture of the other way out. SCHEME: of
    the tracker, which is named."""

    def __init__(self, lab, scheme="http", mib=2, rate="1M"):
        program("ip")
        self.lab, self.net = lab, Net(lab)
        self.servers = self.net.script("server", SERVERS, SERVER, SERVER6, PORT, TRACKER_PORT)
        self.payload = Payload(lab.new_dir("seed"), "payload", [mib << 20], piece_bytes=1 << 16)
        announce = f"{scheme}://tracker.lab.example:{TRACKER_PORT}/announce"
        self.torrent = self.payload.torrent(lab.path("payload.torrent"), announce)
        self.rate, self.seeder = rate, None
        self.seed()
        self.other = self.net.script("client", CAPTURE, "wan0")

    def seed(self):
        with self.net.on("server"):
            self.seeder = Bttui(self.lab, self.payload.torrent(self.lab.path("seed.torrent")),
                                self.payload.dir, f"--max-up={self.rate}", port=PORT,
                                name="seeder").seeding()

    def leech(self, bind, *options):
        with self.net.on("client"):
            return Bttui(self.lab, self.torrent, self.lab.new_dir("target"),
                         *([f"--bind={bind}"] if bind else []), *options, name="leecher")

    def leaked(self):
        """But for bare resets: what arrives for a socket that is closed, before the routes are
        back, is answered so by the kernel, for which the interface is that of no socket."""
        return [line for line in told(self.other) if line["what"] == "packet" and
                not (line["protocol"] == 6 and line["begin"].endswith("5004"))]

    def nothing_leaked(self, *sources):
        """And whoever was asked anything was asked from one of SOURCES."""
        check_equal(self.leaked(), [], "packets that left by the other interface")
        for line in told(self.servers):
            check(line["what"] == "ready" or line["source"] in sources, f"{line}, not from {sources}")

    def asked(self, what):
        return [line for line in told(self.servers) if line["what"] == what]

    def complete(self, leecher):
        leecher.wait_event("completed")
        check(not any("sandbox" in event["message"] for event in leecher.seen("warning")),
              "the sandbox is in the way")
        check_equal(self.payload.differences(leecher.directory), [], "files that differ")
        leecher.finish()


def away(leecher, words):
    """It says so, and keeps quiet."""
    wait_until(lambda: any(words in event["message"] for event in leecher.seen("warning")),
               f"a warning that says: {words}")
    pieces = len(leecher.seen("piece", ok=True))
    time.sleep(2)
    check_equal(len(leecher.seen("piece", ok=True)), pieces, "pieces while nothing is sent")
    leecher.must_run()


def goes_and_comes_back(place, bind, go, come, words, sources, *options):
    leecher = place.leech(bind, *options)
    leecher.wait_pieces(4)
    go()
    away(leecher, words)
    place.seeder.finish()  # it would take us for a twin of the one it has not seen going
    place.seed()
    come()
    place.complete(leecher)
    place.nothing_leaked(*sources)


def the_other_way_is_there(lab):
    """What the other cases look for would be seen."""
    place = Place(lab)
    place.net.ip("client", "link set vpn0 down")
    place.leech(None)
    wait_until(place.leaked, "packets by the other interface")


def an_interface_goes_down_and_up(lab):
    place = Place(lab)
    goes_and_comes_back(place, "vpn0", lambda: place.net.ip("client", "link set vpn0 down"),
                        place.net.up, "vpn0, which is down", (OURS, OURS6))
    check(place.asked("name") and place.asked("http"), "nobody was asked")
    check(any(line["host"].startswith("second.") for line in place.asked("http")),
          "the redirect was not followed")


def an_interface_is_deleted_and_made_anew(lab):
    place = Place(lab, scheme="udp")
    goes_and_comes_back(place, "vpn0", lambda: place.net.ip("client", "link del vpn0"),
                        lambda: place.net.join("vpn", 2), "vpn0, which is not there",
                        (OURS, OURS6), f"--peer=seed.lab.example:{PORT}")
    check(place.asked("udp"), "the UDP tracker was not asked")


def an_ipv4_address_goes_and_comes_back(lab):
    """And IPv6 is not spoken at all."""
    place = Place(lab)
    goes_and_comes_back(place, OURS,
                        lambda: place.net.ip("client", f"addr del {OURS}/24 dev vpn0"),
                        place.net.up, f"{OURS}, which is not there", (OURS,))


def the_interface_of_an_ipv4_address_goes_down_and_up(lab):
    """The address is still there, and routes lead elsewhere."""
    place = Place(lab)
    goes_and_comes_back(place, OURS, lambda: place.net.ip("client", "link set vpn0 down"),
                        place.net.up, f"{OURS}, whose interface is down", (OURS,))


def an_ipv6_address_goes_and_comes_back(lab):
    place = Place(lab)
    goes_and_comes_back(place, OURS6,
                        lambda: place.net.ip("client", f"addr del {OURS6}/64 dev vpn0"),
                        place.net.up, f"{OURS6}, which is not there", (OURS6,))


def one_that_is_down_at_the_start_is_waited_for(lab):
    place = Place(lab, mib=1, rate="0")
    place.net.ip("client", "link set vpn0 down")
    leecher = place.leech("vpn0")
    away(leecher, "vpn0, which is down")
    place.net.up()
    place.complete(leecher)
    place.nothing_leaked(OURS, OURS6)


def peers_that_come_find_the_same_port_again(lab):
    place = Place(lab, mib=1, rate="0")
    leecher = place.leech("vpn0")
    port = leecher.port()
    leecher.wait_event("completed")
    ask = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"

    def is_open(address):
        return subprocess.run([*place.net.enter("server"), sys.executable, "-c", ask, address,
                               str(port)], capture_output=True, check=False).returncode == 0
    for address in (OURS, OURS6):
        check(is_open(address), f"{address} is closed")
    check(not is_open("10.1.0.2"), "the other interface is open")
    place.net.ip("client", "link del vpn0")
    place.net.join("vpn", 2)
    for address in (OURS, OURS6):
        wait_until(lambda at=address: is_open(at), f"{address} to open again")
    check(not is_open("10.1.0.2"), "the other interface is open")
    leecher.finish()


def enter_own_namespaces():
    """Who is not root is root where the networks are made, if the system allows it."""
    if os.geteuid() == 0 or subprocess.run(
            ["unshare", "-rmn", "true"], capture_output=True, check=False).returncode != 0:
        return
    os.execvp("unshare", ["unshare", "-rmn", sys.executable, *sys.argv])


enter_own_namespaces()
run(the_other_way_is_there, an_interface_goes_down_and_up,
    an_interface_is_deleted_and_made_anew, an_ipv4_address_goes_and_comes_back,
    the_interface_of_an_ipv4_address_goes_down_and_up, an_ipv6_address_goes_and_comes_back,
    one_that_is_down_at_the_start_is_waited_for, peers_that_come_find_the_same_port_again)
