"""The gateway sends on what comes for our port: miniupnpd as the gateway, by each protocol, with
a caller outside who gets through; and gateways that lie, are silent, or go."""

import json
import subprocess
import sys
import time

from bttui import Bttui
from lab import Process, Skip, check, check_equal, program, run, wait_until
from network import BareHosts, enter_own_namespaces
from payload import Payload

PORT = 6881
OURS, GATEWAY, OTHER = "192.168.77.2", "192.168.77.1", "192.168.77.9"
OUTSIDE, WORLD = "11.0.0.1", "11.0.0.2"

RULES = """
table inet filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "lan0" accept
        jump miniupnpd
    }
    chain miniupnpd {
    }
    chain input {
        type filter hook input priority 0; policy accept;
        REFUSED
    }
    chain prerouting {
        type nat hook prerouting priority -100;
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority 100;
        jump postrouting_miniupnpd
        oifname "wan0" masquerade
    }
    chain prerouting_miniupnpd {
    }
    chain postrouting_miniupnpd {
    }
}
"""

# The first byte of what follows UDP's header is PCP's version.
NO_PCP = "udp dport 5351 @th,64,8 2 drop"

SETTINGS = f"""
ext_ifname=wan0
listening_ip=lan0
enable_natpmp=yes
enable_upnp=no
system_uptime=yes
uuid=3c70ab56-ca68-4432-9a1c-382c2812aca2
allow 1024-65535 {OURS}/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
"""

# Tells of each packet to the port of NAT-PMP and PCP, and answers as it is told to.
FAKE = """
import json, socket, sys, time
WAYS = sys.argv[3].split(",")
sockets = {}
for address in sys.argv[1:3]:
    sockets[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets[address].bind((address, 5351))
elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
elsewhere.bind((sys.argv[1], 5352))
gateway, other = (sockets[address] for address in sys.argv[1:3])
begun = time.monotonic()

def answer(packet, port, result=0):
    epoch = int(time.monotonic() - begun) + 100
    return (packet[:1] + bytes([packet[1] | 0x80, 0, result]) + packet[4:8] + epoch.to_bytes(4, "big")
            + bytes(12) + packet[24:42] + port.to_bytes(2, "big") + bytes(10) + b"\\xff\\xff"
            + bytes([11, 0, 0, 1]))

print(json.dumps({"ready": True}), flush=True)
while True:
    packet, source = gateway.recvfrom(2000)
    print(json.dumps({"packet": packet.hex(), "source": source[0]}), flush=True)
    if packet[0] != 2:
        continue
    if "liar" in WAYS:
        other.sendto(answer(packet, 1111), source)
        elsewhere.sendto(answer(packet, 2222), source)
        wrong = bytearray(packet)
        wrong[24] ^= 1
        gateway.sendto(answer(bytes(wrong), 3333), source)
        gateway.sendto(bytes([0, 0x81, 0, 0, 0, 0, 0, 1]) + packet[40:42] + b"\\x11\\x5c" + b"\\0\\0\\x0e\\x10", source)
        gateway.sendto(answer(packet, 4444)[:59], source)
        gateway.sendto(b"\\xff" * 1400, source)
        time.sleep(0.2)
    if "truth" in WAYS:
        gateway.sendto(answer(packet, 7000), source)
    if "refuse" in WAYS:
        gateway.sendto(answer(packet, 0, 2), source)
"""


# A gateway of UPnP that does what it is told to; a line for each request, and for what was sent.
FAKE_UPNP = """
import http.server, json, socket, socketserver, struct, sys, threading
GATEWAY, OTHER, WAY = sys.argv[1:4]
TYPE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = ("<?xml version='1.0'?><root><device><serviceList><service><serviceType>" + TYPE +
               "</serviceType><controlURL>/control</controlURL></service></serviceList></device></root>")

def tell(**what):
    print(json.dumps(what), flush=True)

class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = daemon_threads = True

class Handler(http.server.BaseHTTPRequestHandler):
    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        tell(request="GET", at=self.server.server_address[0])
        if WAY == "huge":
            self.send_response(200)
            self.end_headers()
            sent = 0
            try:
                while sent < 1 << 30:
                    sent += self.wfile.write(b"<service>" * 4096)
            finally:
                tell(sent=sent)
        elif WAY == "redirect":
            self.say(302, "", Location=f"http://{OTHER}:8080/")
        elif WAY == "entities":
            self.say(200, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + DESCRIPTION)
        elif WAY == "control":
            self.say(200, DESCRIPTION.replace("/control", f"http://{OTHER}:8080/control"))
        else:
            self.say(200, DESCRIPTION)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        tell(request="POST", at=self.server.server_address[0], action=self.headers["SOAPAction"], body=body)
        if WAY == "fault":
            self.say(500, "<s:Fault><detail><UPnPError><errorCode>606</errorCode><errorDescription>"
                     "No\\x1b[31m way\\x07</errorDescription></UPnPError></detail></s:Fault>")
        elif WAY == "forever" and "Duration>3600" in body:
            self.say(500, "<errorCode>725</errorCode>")
        elif WAY == "conflict" and "<NewExternalPort>6881" in body:
            self.say(500, "<errorCode>718</errorCode>")
        else:
            self.say(200, "<r><NewExternalIPAddress>11.0.0.1</NewExternalIPAddress></r>")

    def log_message(self, *_):
        pass

for address in (GATEWAY, OTHER):
    server = Server((address, 8080), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
group.bind(("", 1900))
group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                 socket.inet_aton("239.255.255.250") + socket.inet_aton(GATEWAY))
sources = {}
for address in (GATEWAY, OTHER):
    sources[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sources[address].bind((address, 0))
PLACES = {"elsewhere": [(GATEWAY, OTHER), (GATEWAY, "127.0.0.1"), (GATEWAY, "gateway.example")],
          "stranger": [(OTHER, OTHER), (OTHER, GATEWAY)]}
tell(ready=True)
while True:
    packet, source = group.recvfrom(2000)
    tell(search=packet.decode(), source=source[0])
    for sender, place in PLACES.get(WAY, [(GATEWAY, GATEWAY)]):
        sources[sender].sendto(f"HTTP/1.1 200 OK\\r\\nST: x\\r\\nLocation: http://{place}:8080/d.xml\\r\\n\\r\\n".encode(), source)
"""


class Net(BareHosts):
    """"client" behind "gateway" (lan0, wan0), before which is "world"."""

    def __init__(self, lab):
        super().__init__(lab, ("client", "gateway", "world"), "{ "
                         "mount -t sysfs none /sys 2>/dev/null; mount -t tmpfs none /run; true; }")
        gateway = self.pid("gateway")
        self.ip("client", f"link add lan0 type veth peer name lan0 netns {gateway}")
        self.ip("world", f"link add wan0 type veth peer name wan0 netns {gateway}",
                f"addr add {WORLD}/24 dev wan0", "link set wan0 up")
        self.ip("gateway", f"addr add {GATEWAY}/24 dev lan0", f"addr add {OTHER}/24 dev lan0",
                f"addr add {OUTSIDE}/24 dev wan0", "link set lan0 up", "link set wan0 up")
        self.ip("client", "link set lan0 up")
        self.become(OURS)
        self.shell("gateway", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.made = True

    def become(self, address):
        """The client has that address, and no other."""
        self.ip("client", "addr flush dev lan0", f"addr add {address}/24 dev lan0",
                f"route replace default via {GATEWAY} dev lan0")

    def miniupnpd(self, refused="", settings=SETTINGS):
        """REFUSED: a rule for what comes to the gateway itself."""
        with open(self.lab.path("rules"), "w", encoding="ascii") as file:
            file.write(RULES.replace("REFUSED", refused))
        with open(self.lab.path("miniupnpd.conf"), "w", encoding="ascii") as file:
            file.write(settings)
        daemon = program("miniupnpd")
        done = self.shell("gateway", f"{program('nft')} -f {self.lab.path('rules')}")
        if done.returncode != 0:
            raise Skip(f"no nftables here: {done.stderr.strip()}")
        with self.on("gateway"):
            process = Process(self.lab, "miniupnpd",
                              [daemon, "-d", "-f", self.lab.path("miniupnpd.conf"),
                               "-P", self.lab.path("miniupnpd.pid")])
        wait_until(lambda: "5351" in self.shell("gateway", "ss -Hlun").stdout,
                   "miniupnpd to listen")
        return process

    def fake(self, ways):
        with self.on("gateway"):
            process = Process(self.lab, "gateway",
                              [sys.executable, "-c", FAKE, GATEWAY, OTHER, ways])
        wait_until(lambda: "ready" in process.text(process.out), "the gateway")
        return process

    def rules(self):
        return self.shell("gateway", f"{program('nft')} list ruleset").stdout

    def gets_through(self, port=PORT, within_s=30):
        """Somebody outside calls the gateway's port."""
        ask = ("import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_STREAM); "
               "s.settimeout(int(sys.argv[3])); s.connect((sys.argv[1], int(sys.argv[2])))")
        return subprocess.run([*self.enter("world"), sys.executable, "-c", ask, OUTSIDE, str(port),
                               str(within_s)], capture_output=True, check=False).returncode == 0


    def fake_upnp(self, way):
        with self.on("gateway"):
            process = Process(self.lab, "gateway",
                              [sys.executable, "-c", FAKE_UPNP, GATEWAY, OTHER, way])
        wait_until(lambda: "ready" in process.text(process.out), "the gateway")
        return process


def told(process):
    return [json.loads(line) for line in process.text(process.out).splitlines()]


def packets(process):
    return [(bytes.fromhex(line["packet"]), line["source"]) for line in told(process)
            if "packet" in line]


def start(net, *options):
    payload = Payload(net.lab.new_dir("seed"), "payload", [1 << 16])
    with net.on("client"):
        return Bttui(net.lab, payload.torrent(net.lab.path("payload.torrent")), payload.dir,
                     "--no-portmap=no", *options, port=PORT)


def end(bttui):
    check(not any("sandbox" in event["message"] for event in bttui.seen("warning")),
          "the sandbox is in the way")
    bttui.finish()


def is_mapped(net, bttui, how):
    event = bttui.wait_event("listening", mapping="mapped")
    check_equal((event["port"], event["external_port"]), (PORT, PORT), "the ports")
    wait_until(lambda: bttui.last("listening", "message") == f"mapped as {OUTSIDE}:{PORT}, by {how}",
               "the gateway's address")
    check(net.gets_through(), "nobody gets through from outside")
    wait_until(lambda: net.rules().count(str(PORT)) >= 4, "the rules for TCP and UDP")


def is_given_back(net, bttui):
    end(bttui)
    wait_until(lambda: str(PORT) not in net.rules(), "the port to be given back")
    check(not net.gets_through(within_s=2), "it is still mapped")


def miniupnpd_maps_by_pcp(lab):
    net = Net(lab)
    net.miniupnpd()
    check(not net.gets_through(within_s=2), "it is open without being mapped")
    bttui = start(net)
    is_mapped(net, bttui, "PCP")
    is_given_back(net, bttui)


def miniupnpd_maps_by_natpmp(lab):
    net = Net(lab)
    net.miniupnpd(NO_PCP)
    bttui = start(net)
    is_mapped(net, bttui, "NAT-PMP")
    is_given_back(net, bttui)


def another_address_is_mapped_anew(lab):
    """The old one's lease, which only the old address could end, still holds the port: another
    port leads to us, and is told."""
    net = Net(lab)
    net.miniupnpd()
    bttui = start(net)
    is_mapped(net, bttui, "PCP")
    net.become("192.168.77.3")
    wait_until(lambda: "192.168.77.3" in net.rules(), "the new address to be mapped")
    wait_until(lambda: bttui.last("listening", "mapping") == "mapped" and
               bttui.last("listening", "external_port") != PORT, "another port")
    check(net.gets_through(bttui.last("listening", "external_port")), "nobody gets through")
    end(bttui)


def tied_to_the_address_it_is_asked_from_there(lab):
    net = Net(lab)
    net.ip("client", "addr add 192.168.77.5/24 dev lan0")
    gateway = net.fake("truth")
    bttui = start(net, "--bind=192.168.77.5")
    bttui.wait_event("listening", mapping="mapped")
    check_equal({source for _, source in packets(gateway)}, {"192.168.77.5"}, "who asked")
    end(bttui)


def liars_are_not_believed(lab):
    """W15: from another host, another port, with another nonce, unasked, cut short."""
    net = Net(lab)
    net.fake("liar,truth")
    bttui = start(net)
    event = bttui.wait_event("listening", mapping="mapped")
    check_equal(event["external_port"], 7000, "the port")
    end(bttui)
    check_equal([event["external_port"] for event in bttui.seen("listening")
                 if event["external_port"] not in (None, 7000)], [], "lies that were told")


def a_liar_alone_maps_nothing(lab):
    net = Net(lab)
    gateway = net.fake("liar")
    bttui = start(net)
    event = bttui.wait_event("listening", mapping="silent")
    check("neither to PCP nor to NAT-PMP" in event["message"], event["message"])
    check(len(packets(gateway)) > 4, "it was hardly asked")
    end(bttui)


def a_refusal_is_told(lab):
    net = Net(lab)
    net.fake("refuse")
    bttui = start(net)
    event = bttui.wait_event("listening", mapping="refused")
    check("does not allow" in event["message"], event["message"])
    end(bttui)


def nobody_is_asked_who_is_not_to_be(lab):
    """Behind a proxy, and with --no-portmap."""
    net = Net(lab)
    gateway = net.fake("truth")
    for option in (f"--proxy=socks5://{WORLD}:1080", "--no-portmap", "--no-incoming"):
        bttui = start(net, option)
        bttui.wait_event("checked")
        time.sleep(1)  # what would be sent, would be at once
        bttui.finish()
    check_equal(packets(gateway), [], "packets to the gateway")
    bttui = start(net)
    bttui.wait_event("listening", mapping="mapped")
    check(packets(gateway), "the gateway hears nothing at all")
    end(bttui)


def miniupnpd_maps_by_upnp(lab):
    net = Net(lab)
    net.miniupnpd("udp dport 5351 reject", SETTINGS.replace("enable_upnp=no", "enable_upnp=yes"))
    bttui = start(net, "--upnp")
    is_mapped(net, bttui, "UPnP")
    is_given_back(net, bttui)


def upnp_is_off_unless_asked_for(lab):
    net = Net(lab)
    gateway = net.fake_upnp("truth")
    bttui = start(net)
    bttui.wait_event("listening", mapping="silent")
    time.sleep(1)  # what would be sent, would be at once
    end(bttui)
    check_equal(len(told(gateway)), 1, "what the gateway heard")


def upnp_asks_otherwise_where_it_must(lab):
    """For ever where there are no leases, for another port where that is taken."""
    for way in ("forever", "conflict"):
        net = Net(lab)
        gateway = net.fake_upnp(way)
        bttui = start(net, "--upnp")
        event = bttui.wait_event("listening", mapping="mapped")
        check_equal(event["external_port"] == PORT, way == "forever", "the same port")
        end(bttui)
        deleted = [line for line in told(gateway) if "DeletePortMapping" in line.get("action", "")]
        check_equal(len(deleted), 2, "what was deleted")
        net.close()


def upnp_believes_the_gateway_alone(lab):
    """W16: nobody else's answers, no addresses elsewhere, no more than 64 KiB, no entities."""
    for way in ("stranger", "elsewhere", "redirect", "entities", "control", "huge", "fault"):
        net = Net(lab)
        gateway = net.fake_upnp(way)
        bttui = start(net, "--upnp")
        mapping = "silent" if way in ("stranger", "elsewhere") else "refused"
        event = wait_until(lambda: [e for e in bttui.seen("listening", mapping=mapping)
                                    if "asked" not in e["message"]], f"{way}: {mapping}")[-1]
        if way == "fault":
            check("No.[31m way." in event["message"], event["message"])
        end(bttui)
        check(not [line for line in told(gateway) if line.get("at") == OTHER], f"{way}: a stranger was asked")
        check_equal(len([line for line in told(gateway) if "search" in line]) > 0, True, "searches")
        for line in told(gateway):
            check(line.get("sent", 0) < 16 << 20, f"{way}: {line}")
        net.close()


enter_own_namespaces()
run(miniupnpd_maps_by_pcp, miniupnpd_maps_by_natpmp, another_address_is_mapped_anew,
    tied_to_the_address_it_is_asked_from_there, liars_are_not_believed,
    a_liar_alone_maps_nothing, a_refusal_is_told, nobody_is_asked_who_is_not_to_be,
    miniupnpd_maps_by_upnp, upnp_is_off_unless_asked_for, upnp_asks_otherwise_where_it_must,
    upnp_believes_the_gateway_alone)
