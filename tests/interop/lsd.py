"""Local service discovery (BEP 14) on a network of one's own: an interface that leads nowhere, in
a namespace, where libtorrent and bttui find each other by multicast and by nothing else."""

import json
import os

from bttui import at_leisure, bttui_path
from clients import libtorrent_python
from lab import Process, Skip, check_equal, program, run, wait_until
from payload import Payload

SIZES = [3 << 20, 1, 70001]
IPV4, IPV6 = "10.99.0.1", "fd99::1"


class Network:
    """A namespace with the interface; `inside` stands before a command that runs in it."""

    def __init__(self, lab):
        script = ("ip link set lo up && ip link add near type veth peer name far && "
                  "ip link set far up && ip link set near up && "
                  "ip addr add 10.99.0.1/24 dev near && "
                  "ip -6 addr add fd99::1/64 dev near nodad && echo ready && exec sleep 1000")
        user = ["--user", "--map-root-user"] if os.geteuid() != 0 else []
        program("ip")
        self.process = Process(lab, "network", [program("unshare"), *user, "--net", "sh", "-c",
                                                script])
        self.process.is_fine = True
        wait_until(lambda: "ready" in self.process.text(self.process.out) or
                   not self.process.running(), "a network")
        if not self.process.running():
            raise Skip("no network can be made here")
        lab.prefix = [program("nsenter"), f"--target={self.process.process.pid}", "--net",
                      *(["--user", "--preserve-credentials"] if user else [])]


def bttui(lab, torrent, directory, *options):
    return Process(lab, "bttui", [
        bttui_path(), "--headless", "--json", "--no-lsd=no", "--no-portmap", "--download-dir",
        directory, "--state-dir", lab.new_dir("state"), *options, torrent],
        env={"LC_ALL": "C.UTF-8"}, before=at_leisure)


def whole_lines(process):
    """The last one may be there by half."""
    return process.text(process.out).split("\n")[:-1]


def events(process, kind):
    process.must_run()
    found = [json.loads(line) for line in whole_lines(process)]
    return [event for event in found if event["event"] == kind]


def libtorrent(lab, torrent, directory, seed, host):
    listen = f"[{host}]:6900" if ":" in host else f"{host}:6900"
    options = {"listen": listen, "seed": seed, "lsd": True}
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")
    return Process(lab, "libtorrent", [
        libtorrent_python(), "-B", os.path.join(here, "libtorrent_peer.py"), torrent, directory,
        json.dumps(options)])


def told(process, field):
    process.must_run()
    lines = whole_lines(process)
    return json.loads(lines[-1])[field] if lines else None


def from_libtorrent(lab, host=IPV4):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    Network(lab)
    leech = bttui(lab, torrent, target, "--bind", host, "--exit-when-done")
    wait_until(lambda: events(leech, "checked"), "bttui to look")
    libtorrent(lab, torrent, payload.dir, True, host)
    check_equal(leech.wait(), 0, "bttui's exit status")
    check_equal(payload.differences(target), [], "files that differ")


def to_libtorrent(lab, host=IPV4):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    Network(lab)
    seed = bttui(lab, torrent, payload.dir, "--bind", host)
    wait_until(lambda: events(seed, "checked"), "bttui to check")
    leech = libtorrent(lab, torrent, target, False, host)
    wait_until(lambda: told(leech, "complete"), "libtorrent to complete")
    leech.end()
    check_equal(payload.differences(target), [], "files that differ")
    check_equal(seed.end(), 0, "bttui's exit status")


def from_libtorrent_ipv6(lab):
    from_libtorrent(lab, IPV6)


def to_libtorrent_ipv6(lab):
    to_libtorrent(lab, IPV6)


def between_bttuis(lab, *options):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    Network(lab)
    seed = bttui(lab, torrent, payload.dir, *options)
    wait_until(lambda: events(seed, "checked"), "bttui to check")
    leech = bttui(lab, torrent, target, "--exit-when-done", *options)
    check_equal(leech.wait(), 0, "bttui's exit status")
    check_equal(payload.differences(target), [], "files that differ")
    check_equal(seed.end(), 0, "bttui's exit status")


def bttui_to_bttui(lab):
    between_bttuis(lab)


def bttui_to_bttui_ipv6(lab):
    between_bttuis(lab, "--bind", IPV6)


run(bttui_to_bttui, bttui_to_bttui_ipv6, from_libtorrent, to_libtorrent, from_libtorrent_ipv6,
    to_libtorrent_ipv6)
