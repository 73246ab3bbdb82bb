"""uTP on a long path that loses packets, and beside TCP. 100 Mbit/s and 100 ms with 0.5 % lost:
bttui from bttui, libtorrent from libtorrent, both by uTP alone, in turn, LAB_RUNS times (3); LAB_MIB (16 for
the figures) says how much. And a link that TCP could fill alone: how much of it TCP keeps with a
download by uTP beside it."""

import contextlib
import os
import statistics
import subprocess
import time

from bttui import Bttui
from clients import Libtorrent
from lab import Process, Skip, check, check_equal, run, wait_until
from network import MBIT, Network
from payload import Payload
from witness import Witness

PORT = 6881
FIGURES = "LAB_MIB" in os.environ
MIB = int(os.environ.get("LAB_MIB", "2"))
RUNS = int(os.environ.get("LAB_RUNS", "3")) if FIGURES else 1
LINK = {"up": 100 * MBIT, "down": 100 * MBIT, "delay": 25, "loss": 0.5}
# Slow enough that both programs and the path keep up however busy the machine is; a queue
# of 300 ms is what lines at home have.
NARROW = {"up": 20 * MBIT, "down": 20 * MBIT, "delay": 10, "queue": 20 * MBIT * 3 // 10}
# What TCP is to keep. Without a machine of its own little can be told.
LEAST_FIRST, LEAST_AFTER = (0.9, 0.9) if FIGURES else (0.75, 0.6)
BESIDE_S, SETTLE_S = (20, 4) if FIGURES else (6, 3)
WINDOWS = 4  # of BESIDE_S, until the machine has time in one
UTP_ALONE = {"enable_outgoing_utp": True, "enable_incoming_utp": True,
             "enable_outgoing_tcp": False, "enable_incoming_tcp": False}


def refuse_tcp(network, name):
    """No TCP goes out of the host NAME to PORT."""
    command = [*network.enter(name), "ip", "rule", "add", "pref", "1", "ipproto", "tcp", "dport",
               str(PORT), "unreachable"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise Skip("TCP cannot be refused here")


def make(lab, mib, piece_bytes=1 << 18, **hosts):
    network = Network(lab, hosts)
    payload = Payload(lab.new_dir("seed"), "payload", [mib << 20], piece_bytes=piece_bytes)
    refuse_tcp(network, "leecher")
    return network, payload, payload.torrent(lab.path("payload.torrent"))


def seed(lab, network, payload, torrent):
    with network.on("seeder"):
        return Bttui(lab, torrent, payload.dir, port=PORT, name="seeder").seeding()


def leech(lab, network, torrent, directory):
    address = network.address["seeder"]
    with network.on("leecher"):
        return Bttui(lab, torrent, directory, f"--peer={address}:{PORT}", name="leecher")


def first_s(leecher):
    """When the first block was asked for."""
    return leecher.wait_event("peer", status="downloading")["time"]


def bttui_takes(lab, network, payload, torrent):
    directory = lab.new_dir("target")
    leecher = leech(lab, network, torrent, directory)
    with Witness(lab) as witness:
        took_s = leecher.wait_event("completed", 600)["time"] - first_s(leecher)
        lost_s = witness.lost_s()
    kinds = {event["transport"] for event in leecher.seen("peer") if "transport" in event}
    leecher.finish()
    check_equal(kinds, {"utp"}, "transports")
    check_equal(payload.differences(directory), [], "files that differ")
    return took_s, lost_s


def libtorrent_takes(lab, network, _payload, torrent):
    """From its first payload byte on."""
    with network.on("leecher"):
        leecher = Libtorrent(lab, torrent, lab.new_dir("target"), port=PORT,
                             host=network.address["leecher"], settings=UTP_ALONE,
                             peers=[(network.address["seeder"], PORT)])
        wait_until(leecher.downloaded, "libtorrent's first byte")
        began = time.monotonic()
        leecher.wait_complete(600)
        took_s = time.monotonic() - began
    leecher.end()
    return took_s


def from_libtorrent_s(lab):
    """libtorrent from libtorrent, in a network of its own."""
    arguments = make(lab, MIB, seeder=LINK, leecher={**LINK, "loss": 0})
    network, payload, torrent = arguments
    with network.on("seeder"):
        seeder = Libtorrent(lab, torrent, payload.dir, seed=True, port=PORT,
                            host=network.address["seeder"], settings=UTP_ALONE)
    took_s = libtorrent_takes(lab, *arguments)
    seeder.end()
    network.close()
    return took_s


def from_bttui_s(lab):
    arguments = make(lab, MIB, seeder=LINK, leecher={**LINK, "loss": 0})
    seeder = seed(lab, *arguments)
    took_s, lost_s = bttui_takes(lab, *arguments)
    seeder.finish()
    arguments[0].close()
    return took_s, lost_s


def told(client, runs):
    return (f"{client} {statistics.median(runs):.2f} s (median of {len(runs)}, "
            f"{min(runs):.2f} to {max(runs):.2f})")


def on_a_path_with_losses(lab):
    bttui_s, own_s, libtorrent_s = [], [], []
    for _ in range(RUNS):
        took_s, lost_s = from_bttui_s(lab)
        bttui_s.append(took_s)
        own_s.append(took_s - lost_s)
        with contextlib.suppress(Skip):
            if FIGURES:
                libtorrent_s.append(from_libtorrent_s(lab))
    check(max(own_s) < 3 * MIB + 30, f"{max(own_s):.0f} s are too long")
    print(f"        {MIB} MiB, the link alone {(MIB << 20) / LINK['up']:.2f} s, load "
          f"{os.getloadavg()[0]:.1f}: {told('bttui', bttui_s)}")
    if libtorrent_s:
        ratio = statistics.median(bttui_s) / statistics.median(libtorrent_s)
        print(f"        {told('libtorrent', libtorrent_s)}: bttui takes {ratio:.2f} of it")
        check(ratio <= 1, "libtorrent's uTP is faster")


# ---- beside TCP ----

SEND = """
import socket, sys
connection = socket.create_connection((sys.argv[1], 9))
while True:
    connection.sendall(bytes(65536))
"""

# Says each half second how many bytes have come so far.
RECEIVE = """
import socket, sys, time
server = socket.create_server((sys.argv[1], 9))
print("ready", flush=True)
connection, _ = server.accept()
got, told = 0, time.monotonic()
while data := connection.recv(1 << 20):
    got += len(data)
    if time.monotonic() - told >= 0.5:
        told = time.monotonic()
        print(told, got, flush=True)
"""


def rate_between(receiver, began, ended):
    """None: it was told too seldom."""
    lines = [line.split() for line in receiver.text(receiver.out).splitlines()[1:-1]]
    marks = [(float(at), int(got)) for at, got in lines if began <= float(at) <= ended]
    if len(marks) <= 2:
        return None
    return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])


def tcp_begins(network):
    """A stream from the seeder that is as fast as it can; what receives it."""
    receiver = network.script("leecher", RECEIVE, network.address["leecher"])
    next(receiver.read_lines())
    network.script("seeder", SEND, network.address["leecher"])
    time.sleep(SETTLE_S)
    return receiver


def measure(lab, receiver):
    """The rate of BESIDE_S in which the machine had time for this, whatever the rate is: what
    is seen on a machine that is busy with others is no evidence."""
    for _ in range(WINDOWS):
        with Witness(lab, disk=False) as witness:
            began = time.monotonic()
            time.sleep(BESIDE_S)
            ended = time.monotonic()
            has_time = witness.lost_s() < BESIDE_S / 10
        if has_time:
            return wait_until(lambda: rate_between(receiver, began, ended), "what TCP tells")
    raise Skip("this machine is too busy to tell")


def utp_begins(lab, network, torrent):
    leecher = leech(lab, network, torrent, lab.new_dir("target"))
    first_s(leecher)
    time.sleep(SETTLE_S)
    return leecher


def goes_on(leecher):
    """Who sends nothing gives way, too."""
    check(not leecher.seen("completed"), "uTP was done before the measurement was")
    leecher.wait_event("piece", ok=True)


def tcp_beside(lab, least, utp_is_first):
    """TCP keeps LEAST of its rate. Both go the same way, through one queue; who is first has it
    alone for a while, which is when TCP's rate alone is measured."""
    mib = (WINDOWS * BESIDE_S + 4 * SETTLE_S) * NARROW["up"] >> 20
    # Who gives way has little: a piece must come yet.
    network, payload, torrent = make(lab, mib, 16384, seeder=NARROW, leecher=NARROW)
    seeder = seed(lab, network, payload, torrent)
    if utp_is_first:
        leecher = utp_begins(lab, network, torrent)
        receiver = tcp_begins(network)
        beside = measure(lab, receiver)
        goes_on(leecher)
        leecher.kill()
        time.sleep(SETTLE_S)
        alone = measure(lab, receiver)
    else:
        receiver = tcp_begins(network)
        alone = measure(lab, receiver)
        leecher = utp_begins(lab, network, torrent)
        beside = measure(lab, receiver)
        goes_on(leecher)
    print(f"        {'uTP' if utp_is_first else 'TCP'} is first: TCP alone {alone / MBIT:.1f} "
          f"Mbit/s, beside uTP {beside / MBIT:.1f}: {beside / alone:.2f} of it "
          f"({network.congestion_control('seeder')}, load {os.getloadavg()[0]:.1f})")
    leecher.kill()
    seeder.kill()
    network.close()
    check(beside >= least * alone, f"uTP does not give way: TCP keeps {beside / alone:.2f}")


def beside_tcp(lab):
    tcp_beside(lab, LEAST_FIRST, utp_is_first=True)


def after_tcp(lab):
    """Who comes when TCP has filled the queue never sees it empty, and gives way yet."""
    tcp_beside(lab, LEAST_AFTER, utp_is_first=False)


run(on_a_path_with_losses, beside_tcp, after_tcp)
