"""Hole punching (BEP 55): two hosts, each behind a NAT that lets in nothing but answers, meet by
uTP with the help of a third that both are connected to and that gives next to nothing. Each of the
three is bttui or libtorrent; without a relay that helps they stay apart. All at once, for most of it
is waiting for calls to fail.

The NATs give the port of uTP another number outside, so that what PEX tells is of no use; but not
that of the far one where libtorrent is the relay, which finds nobody then."""

import time

from bttui import Bttui
from clients import Libtorrent, libtorrent_python
from lab import Skip, check, program, run, wait_until
from network import BareHosts, enter_own_namespaces
from payload import Payload

PORT, MAPPED = 6881, 20000
RELAY = "11.3.0.1"
OUTSIDE = {"near": "11.1.0.1", "far": "11.2.0.1"}
APART_S = 16  # by then the call has failed, and whoever helps would have helped

NAT = """
table inet filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "lan0" accept
    }
    chain input {
        type filter hook input priority 0; policy drop;
    }
    chain postrouting {
        type nat hook postrouting priority 100;
        oifname "wan0" udp sport 6881 masquerade to :OUTSIDE
        oifname "wan0" masquerade
    }
}
"""


class World(BareHosts):
    """near - near-nat - relay - far-nat - far; PORTS: of uTP, outside each of the two."""

    def __init__(self, lab, ports):
        nft = program("nft")
        super().__init__(lab, ["relay", "near-nat", "near", "far-nat", "far"])
        self.ip("relay", "link add br0 type bridge", "link set br0 up", f"addr add {RELAY}/8 dev br0")
        for inside in ("near", "far"):
            nat = f"{inside}-nat"
            self.ip("relay", f"link add {inside} type veth peer name wan0 netns {self.pid(nat)}",
                    f"link set {inside} master br0", f"link set {inside} up")
            self.ip(nat, f"link add lan0 type veth peer name lan0 netns {self.pid(inside)}",
                    f"addr add {OUTSIDE[inside]}/8 dev wan0", "link set wan0 up",
                    "addr add 192.168.1.1/24 dev lan0", "link set lan0 up")
            self.ip(inside, "addr add 192.168.1.2/24 dev lan0", "link set lan0 up",
                    "route add default via 192.168.1.1")
            rules = NAT.replace("OUTSIDE", str(ports[inside]))
            done = self.shell(nat, f"echo 1 >/proc/sys/net/ipv4/ip_forward && {nft} '{rules}'")
            if done.returncode != 0:
                raise Skip(f"no NAT here: {done.stderr.strip()}")
        # By TCP a relay does not see where uTP comes from.
        done = self.shell("relay", f"{nft} 'table inet filter {{ chain input {{ type filter hook input "
                                   f"priority 0; tcp dport {PORT} reject with tcp reset; }}; }}'")
        check(done.returncode == 0, done.stderr)
        self.made = True


class Scene:
    """FAR has everything and is with RELAY when NEAR comes, who is told of it at once."""

    def __init__(self, lab, near="bttui", relay="bttui", far="bttui", helps=True):
        self.lab, self.what = lab, f"near {near}, relay {relay}, far {far}"
        self.ports = {"near": MAPPED, "far": PORT if relay == "libtorrent" else MAPPED}
        self.world = World(lab, self.ports)
        self.payload = Payload(lab.new_dir("far"), "payload", [1 << 20], piece_bytes=1 << 16)
        self.torrent = self.payload.torrent(lab.path(f"{len(lab.closers)}.torrent"))
        self.clients, self.helps, self.kinds = {}, helps, {"near": near, "relay": relay, "far": far}

    def start(self, name):
        directory = self.payload.dir if name == "far" else self.lab.new_dir(name)
        with self.world.on(name):
            self.clients[name] = getattr(self, self.kinds[name])(name, directory)
        self.clients[name].directory = directory

    def bttui(self, name, directory):
        if name == "relay":
            options = ["--max-down=1K", "--max-up=1K", *["--holepunch-relay"] * self.helps]
        else:
            options = [f"--peer={RELAY}:{PORT}"]
        client = Bttui(self.lab, self.torrent, directory, *options, port=PORT, name=name)
        client.wait_event("checked")
        return client

    def libtorrent(self, name, directory):
        settings = {"enable_outgoing_utp": True, "peer_connect_timeout": 3}
        limits = {}
        if name == "relay":
            limits = {"up": 1024, "down": 1024}
        peers = [] if name == "relay" else [(RELAY, PORT)]
        return Libtorrent(self.lab, self.torrent, directory, seed=name == "far", host="0.0.0.0", port=PORT,
                          peers=peers, settings=settings, **limits)

    def is_relayed(self):
        """Whether the far one is connected to the relay."""
        relay = self.clients["relay"]
        if isinstance(relay, Bttui):
            return any("transport" in event for event in relay.seen("peer"))
        return relay.peers() > 0

    def begin(self):
        self.start("relay")
        self.start("far")

    def met(self, name):
        """Events of the one with the other, by uTP and as PEX told of it."""
        other = "far" if name == "near" else "near"
        return [event for event in self.clients[name].seen("peer", transport="utp", holepunch=True)
                if event["address"] == f"{OUTSIDE[other]}:{self.ports[other]}" and event["source"] == "pex"]

    def is_complete(self):
        near = self.clients["near"]
        near.must_run()
        return near.seen("completed") if isinstance(near, Bttui) else near.complete()

    def check_met(self):
        wait_until(self.is_complete, f"{self.what}: to be complete")
        check(self.payload.differences(self.clients["near"].directory) == [], f"{self.what}: other bytes")
        for name in ("near", "far"):
            check(not isinstance(self.clients[name], Bttui) or self.met(name),
                  f"{self.what}: {name} does not say how they met")

    def check_apart(self):
        check(not self.is_complete(), f"{self.what}: complete without help")
        check(not self.met("near") and not self.met("far"), f"{self.what}: met without help")


def others():
    """The places libtorrent is to have, each once, if there is one."""
    try:
        libtorrent_python()
    except Skip as reason:
        print(f"        without libtorrent: {reason}")
        return []
    return ["near", "relay", "far"]


def through_a_third_or_not_at_all(lab):
    scenes = [Scene(lab), *(Scene(lab, **{place: "libtorrent"}) for place in others()),
              Scene(lab, helps=False)]
    for scene in scenes:
        scene.begin()
    for scene in scenes:
        wait_until(scene.is_relayed, f"{scene.what}: the far one to be with the relay")
        scene.start("near")
    began = time.monotonic()
    for scene in scenes[:-1]:
        scene.check_met()
        print(f"        {scene.what}: after {time.monotonic() - began:.1f} s")
    time.sleep(max(0, began + APART_S - time.monotonic()))  # nothing tells that nothing comes
    scenes[-1].check_apart()


enter_own_namespaces()
run(through_a_third_or_not_at_all)
