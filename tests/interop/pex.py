"""Peer exchange (BEP 11): a hub that gives next to nothing knows a seed, and the leech knows the
hub alone. That it completes is the work of what the hub tells and the leech obeys; each of the
three is bttui, libtorrent or transmission. On a network of its own, for transmission believes
nobody who speaks of 127.0.0.1."""

import os
import subprocess
import sys
import time

from bttui import Bttui
from clients import Libtorrent, Transmission
from lab import check, check_equal, free_port, run, wait_until
from payload import Payload

SIZES = [4 << 20, 1, 70001]
HUB, SEED, LEECH = "10.99.0.1", "10.99.0.2", "10.99.0.3"
HUB6, SEED6 = "fd99::1", "fd99::2"
BOTH = None  # all addresses there are, of both families
SLOW = 10 << 10  # bytes a second: the hub needs 7 minutes for what the leech has in seconds
PEX_S = 300  # some tell every 90 s
INSIDE = "BTTUI_PEX_INSIDE"

NETWORK = ("ip link set lo up && ip link add near type veth peer name far && "
           "ip link set far up && ip link set near up && "
           f"for host in {HUB} {SEED} {LEECH}; do ip addr add $host/24 dev near || exit; done; "
           f"for host in {HUB6} {SEED6}; do ip addr add $host/64 dev near nodad || exit; done")


def go_inside():
    """All of this, in a namespace."""
    user = ["--user", "--map-root-user"] if os.geteuid() != 0 else []
    command = ["unshare", *user, "--net", "sh", "-c"]
    if subprocess.run([*command, NETWORK], capture_output=True, check=False).returncode != 0:
        print("skipped: no network can be made here")
        sys.exit(77)
    os.environ[INSIDE] = "yes"
    os.execvp(command[0], [*command, NETWORK + ' && exec "$@"', "sh", sys.executable, "-B",
                           *sys.argv])


class Swarm:
    """The three, of one kind each; each method starts one. PEERS: whom it calls."""

    def __init__(self, lab):
        self.lab = lab
        self.payload = Payload(lab.new_dir("seed"), "payload", SIZES)
        self.torrent = self.payload.torrent(lab.path("payload.torrent"))
        self.target = lab.new_dir("target")
        self.hub_dir = lab.new_dir("hub")

    def start(self, kind, host, directory, peers=(), seed=False, slow=False):
        return getattr(self, kind)(host, directory, peers, seed, slow)

    def bttui(self, host, directory, peers, seed, slow):
        options = ["--bind", host] if host else []
        options += [f"--peer={f'[{peer}]' if ':' in peer else peer}:{port}" for peer, port in peers]
        options += [f"--max-down={SLOW}", "--max-up=1K"] if slow else []
        options += ["--no-pex"] if seed else []  # it is the leech that is to call
        client = Bttui(self.lab, self.torrent, directory, *options)
        client.wait_event("checked")
        client.listens = client.port()
        return client

    @staticmethod
    def wait_met(kind, client):
        """Until CLIENT has met somebody: who comes to them from now on can hear of it at once."""
        if kind == "bttui":
            client.wait_event("peer", reason="")
        else:
            wait_until(client.peers, f"{client.name} to meet the hub")

    def libtorrent(self, host, directory, peers, seed, slow):
        limits = {"up": 1024, "down": SLOW} if slow else {}
        port = free_port()
        settings = {"outgoing_interfaces": host} if host else {
            "listen_interfaces": f"0.0.0.0:{port},[::]:{port}"}
        client = Libtorrent(self.lab, self.torrent, directory, seed=seed, host=host or HUB,
                            peers=peers, port=port, settings=settings, **limits)
        client.listens = client.port
        return client

    def transmission(self, host, directory, peers, seed, slow):
        check(not peers, "transmission calls nobody")
        settings = {"pex-enabled": True}
        if slow:
            settings |= {"speed-limit-down": SLOW >> 10, "speed-limit-down-enabled": True,
                         "speed-limit-up": 1, "speed-limit-up-enabled": True}
        client = Transmission(self.lab, self.torrent, directory, seed=seed, host=host,
                              settings=settings)
        client.listens = client.port
        return client


def complete_by(lab, hub, leech, seed="bttui"):
    """Transmission can be told of nobody without a tracker: the hub, or the seed, calls it."""
    swarm = Swarm(lab)
    called = {}
    if leech == "transmission":
        called["leech"] = swarm.start(leech, LEECH, swarm.target)
    if hub == "transmission":
        called["hub"] = swarm.start(hub, HUB, swarm.hub_dir, slow=True)
    else:
        peers = [(LEECH, called["leech"].listens)] if "leech" in called else []
        called["hub"] = swarm.start(hub, HUB, swarm.hub_dir, peers, slow=True)
    at_hub = [(HUB, called["hub"].listens)]
    swarm.wait_met(seed, swarm.start(seed, SEED, swarm.payload.dir, at_hub, seed=True))
    began = time.time()
    if leech != "transmission":
        called["leech"] = swarm.start(leech, LEECH, swarm.target, at_hub)
    wait_until(lambda: swarm.payload.differences(swarm.target) == [], "the leech to complete", PEX_S)
    print(f"        complete after {time.time() - began:.1f} s")
    check(swarm.payload.differences(swarm.hub_dir) != [], "the hub was not slow")
    return called


def bttui_alone(lab):
    called = complete_by(lab, "bttui", "bttui")
    told = [event["address"] for event in called["leech"].seen("peer")]
    check(any(address.startswith(SEED + ":") for address in told),
          f"the seed is not among the leech's peers: {told}")


def left_out_nothing_is_told(lab):
    """The same with --no-pex, on either side."""
    for teller, hearer in (("--no-pex",), ()), ((), ("--no-pex",)):
        swarm = Swarm(lab)
        hub = Bttui(lab, swarm.torrent, swarm.hub_dir, "--bind", HUB, f"--max-down={SLOW}",
                    "--max-up=1K", *teller)
        peer = f"--peer={HUB}:{hub.port()}"
        Bttui(lab, swarm.torrent, swarm.payload.dir, "--bind", SEED, peer, *hearer).seeding()
        wait_until(lambda: any(event["address"].startswith(SEED + ":")
                               for event in hub.seen("peer")), "the hub to know the seed")
        leech = Bttui(lab, swarm.torrent, swarm.target, "--bind", LEECH, peer, *hearer)
        wait_until(lambda: leech.seen("peer"), "the leech to meet the hub")
        time.sleep(5)
        check(not any(event["address"].startswith(SEED + ":") for event in leech.seen("peer")),
              "the leech has heard of the seed")


def libtorrent_hears(lab):
    complete_by(lab, "bttui", "libtorrent")


def libtorrent_tells(lab):
    complete_by(lab, "libtorrent", "bttui")


def libtorrent_tells_of_libtorrent(lab):
    complete_by(lab, "libtorrent", "bttui", seed="libtorrent")


def transmission_hears(lab):
    complete_by(lab, "bttui", "transmission")


def transmission_tells(lab):
    complete_by(lab, "transmission", "bttui")


def across_families(lab, hub, leech):
    """The hub is met over one family, and tells of a seed that has but the other."""
    for meets, seed, seed_meets in ((HUB, SEED6, HUB6), (HUB6, SEED, HUB)):
        swarm = Swarm(lab)
        slow = swarm.start(hub, BOTH, swarm.hub_dir, slow=True)
        swarm.wait_met("bttui", swarm.start("bttui", seed, swarm.payload.dir,
                                            [(seed_meets, slow.listens)], seed=True))
        began = time.time()
        swarm.start(leech, BOTH, swarm.target, [(meets, slow.listens)])
        wait_until(lambda at=swarm: at.payload.differences(at.target) == [],
                   f"the leech to complete from {seed}", PEX_S)
        print(f"        complete after {time.time() - began:.1f} s")
        check(swarm.payload.differences(swarm.hub_dir) != [], "the hub was not slow")
        for process in lab.processes:
            process.kill()


def bttui_alone_across_families(lab):
    across_families(lab, "bttui", "bttui")


def libtorrent_hears_across_families(lab):
    across_families(lab, "bttui", "libtorrent")


def libtorrent_tells_across_families(lab):
    across_families(lab, "libtorrent", "bttui")


if INSIDE not in os.environ:
    go_inside()
run(bttui_alone, left_out_nothing_is_told, libtorrent_hears, libtorrent_tells,
    libtorrent_tells_of_libtorrent, bttui_alone_across_families, libtorrent_hears_across_families,
    libtorrent_tells_across_families, transmission_hears, transmission_tells)
