"""The DHT: private nets of bttui and other people's nodes, where peers are found by nothing else."""

import json
import os
import time

from bttui import Bttui
from clients import Aria2, Rtorrent, Transmission, libtorrent_python
from dht_question import wait_announced
from lab import Process, Skip, check, check_equal, free_port, has_ipv6, run, wait_until
from own_network import enter_own_network
from payload import Payload

SIZES = [3 << 20, 1, 70001]
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")
FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
# Transmission takes 127.0.0.1 for no address of a node.
OUTSIDE, OUTSIDE_TOO = "10.77.0.1", "10.77.0.2"
HAS_OUTSIDE = enter_own_network(f"{OUTSIDE}/32", f"{OUTSIDE_TOO}/32")
NOWHERE = 9  # a port where no node is: the first of a net starts from there


class Nodes(Process):
    """COUNT libtorrent nodes in one process."""

    def __init__(self, lab, count, bootstrap, **options):
        super().__init__(lab, "libtorrent-dht", [
            libtorrent_python(), "-B", os.path.join(HERE, "libtorrent_dht.py"), str(count),
            str(bootstrap), json.dumps(options)])
        wait_until(lambda: self.told("port"), "libtorrent's nodes to start")
        self.port = self.told("port")

    def told(self, field):
        self.must_run()
        lines = self.lines()
        return json.loads(lines[-1])[field] if lines else None


class Net:
    """COUNT nodes of bttui at HOST, without a torrent; the first starts from the port NODE."""

    def __init__(self, lab, count, node=NOWHERE, host="127.0.0.1"):
        self.lab, self.host = lab, host
        first = self.start(None, lab.new_dir("idle"), node, port=free_port(host))
        self.port = first.port() if node == NOWHERE else node
        self.nodes = [first, *(self.start(None, lab.new_dir("idle")) for _ in range(count - 1))]
        self.ports = [bttui.port() for bttui in self.nodes]
        self.began = time.monotonic()

    def age_s(self):
        return time.monotonic() - self.began

    def start(self, torrent, directory, node=None, *options, **named):
        at = f"[{self.host}]" if ":" in self.host else self.host
        return Bttui(self.lab, torrent, directory, "--bind", self.host, *options,
                     dht=[f"{at}:{node or self.port}"], **named)

    def seed(self, payload, torrent, others=()):
        """One that seeds, and that the net knows of, OTHERS with it: it is announced to those
        that are the closest to it."""
        seed = self.start(torrent, payload.dir).seeding()
        wait_announced(self.host, [*self.ports, *others], payload.infohash)
        return seed

    def leech(self, torrent):
        return self.start(torrent, self.lab.new_dir("target"), None, "--exit-when-done")

    def complete(self, payload, leech, timeout_s=None):
        leech.wait_done(timeout_s)
        check_equal(payload.differences(leech.directory), [], "files that differ")

    def finish(self, *others):
        for bttui in (*others, *self.nodes):
            bttui.finish()


def payload_of(lab, name="payload"):
    payload = Payload(lab.new_dir("seed"), name, SIZES)
    return payload, payload.torrent(lab.path(f"{name}.torrent"))


def among_libtorrent_and_bttui(lab):
    """One looks for a torrent, and then one that has the info-hash alone."""
    libtorrents, bttuis = (78, 22) if FULL else (10, 20)
    nodes = Nodes(lab, libtorrents, 0)
    payload, torrent = payload_of(lab)
    net = Net(lab, bttuis - 2, nodes.port)
    wait_until(lambda: nodes.told("nodes") >= 3, "the net to know itself")
    seed = net.seed(payload, torrent, nodes.told("ports"))
    for kind, link in (("torrent", torrent),
                       ("magnet", f"magnet:?xt=urn:btih:{payload.infohash.hex()}")):
        leech = net.leech(link)
        net.complete(payload, leech)
        took_s = leech.first_piece_s()
        print(f"        {kind}: first piece {took_s:.2f} s after the start, among "
              f"{libtorrents + bttuis} nodes")
        check(not FULL or took_s <= 2, f"first piece after {took_s:.2f} s")
    net.finish(seed)


def from_libtorrent(lab, host="127.0.0.1"):
    """libtorrent seeds; bttui finds it through libtorrent's nodes."""
    payload, torrent = payload_of(lab)
    nodes = Nodes(lab, 8, 0, seed=[torrent, payload.dir], host=host)
    wait_until(lambda: nodes.told("nodes") >= 3, "the net to know itself")
    net = Net(lab, 1, nodes.port, host)
    wait_announced(host, [nodes.port], payload.infohash)
    leech = net.leech(torrent)
    net.complete(payload, leech)
    return leech


def to_libtorrent(lab, host="127.0.0.1"):
    """bttui's nodes are all there are; libtorrent finds a seeding one through them."""
    payload, torrent = payload_of(lab)
    net = Net(lab, 4, host=host)
    seed = net.seed(payload, torrent)
    target = lab.new_dir("target")
    nodes = Nodes(lab, 2, net.port, leech=[torrent, target], host=host)
    wait_until(lambda: nodes.told("complete"), "libtorrent to complete")
    nodes.end()
    check_equal(payload.differences(target), [], "files that differ")
    net.finish(seed)
    return seed


def both_ways_over_ipv6(lab):
    if not has_ipv6():
        raise Skip("no IPv6 here")
    for way in (from_libtorrent, to_libtorrent):
        told = [event["address"] for event in way(lab, "::1").seen("peer")]
        check(told and all(address.startswith("[::1]:") for address in told), f"peers: {told}")


def other_clients_both_ways(lab):
    """All at once, for they take their time: each has a torrent to give, and looks for another.
    Transmission asks nobody before it knows nine nodes. rtorrent (libTorrent 0.13.8) takes every
    address of an answer for another: it is there first, and bttui finds it."""
    if not HAS_OUTSIDE:
        raise Skip("no network of its own can be made here")
    net = Net(lab, 12, host=OUTSIDE)
    nodes = [(OUTSIDE, port) for port in net.ports]
    given, wanted, seeds, leechers = {}, {}, [], {}

    def look(client, host=OUTSIDE):
        target = lab.new_dir("target")
        leechers[client] = client(lab, wanted[client][1], target, host=host, dht=nodes), target

    for client in (Transmission, Aria2, Rtorrent):
        wanted[client] = payload_of(lab, f"for-{client.__name__}")
        given[client] = payload_of(lab, f"of-{client.__name__}")
        client(lab, given[client][1], given[client][0].dir, seed=True, host=OUTSIDE, dht=nodes)
    look(Rtorrent, OUTSIDE_TOO)  # it knows one peer an address
    wait_announced(OUTSIDE, net.ports, wanted[Rtorrent][0].infohash)
    for client, (payload, torrent) in wanted.items():
        seeds.append(net.seed(payload, torrent))
    look(Transmission)
    look(Aria2)
    wait_announced(OUTSIDE, net.ports, *(payload.infohash for payload, _ in given.values()))
    print(f"        all are announced after {net.age_s():.1f} s")
    for payload, leech in [(payload, net.leech(torrent)) for payload, torrent in given.values()]:
        net.complete(payload, leech)
    for client, (leecher, target) in leechers.items():
        leecher.wait_complete()
        print(f"        {client.__name__} is complete after {net.age_s():.1f} s")
        check_equal(wanted[client][0].differences(target), [], "files that differ")
    net.finish(*seeds)


run(other_clients_both_ways, among_libtorrent_and_bttui, both_ways_over_ipv6, from_libtorrent,
    to_libtorrent)
