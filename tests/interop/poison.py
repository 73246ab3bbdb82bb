"""A seeder that corrupts one block in ten, beside honest ones: the data come out right, the
poisoner is banned for bad data, and nobody else is."""

from bttui import Bttui
from clients import Libtorrent
from lab import check, check_equal, run
from payload import Payload
from wire_peer import WirePeer

SIZES = [7 << 20, 1 << 20, 70001]
HONEST_RATE = 6 << 20  # slow enough for the poisoner to have its share


def download(lab, share, honest_address_of):
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    poisoner = WirePeer(lab, payload, host="127.0.0.2", poison=share, rate=2 * HONEST_RATE)
    honest = honest_address_of(lab, payload, torrent)
    bttui = Bttui(lab, torrent, target, "--peer", poisoner.address, "--peer", honest,
                  "--exit-when-done")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check(any(poisoned for _, _, poisoned in poisoner.sent), "nothing was poisoned")
    check(bttui.seen("piece", ok=False), "no piece failed")
    check_equal([(ban["address"], ban["reason"]) for ban in bttui.seen("ban")],
                [(poisoner.address, "bad-data")], "bans")
    check_equal(poisoner.connections, 1, "connections with the poisoner")


def beside_a_python_seeder(lab):
    download(lab, 0.1, lambda lab, payload, _: WirePeer(
        lab, payload, host="127.0.0.3", rate=HONEST_RATE).address)


def beside_libtorrent(lab):
    def libtorrent(lab, payload, torrent):
        seeder = Libtorrent(lab, torrent, payload.dir, seed=True, host="127.0.0.3",
                            up=HONEST_RATE)
        return f"127.0.0.3:{seeder.port}"
    download(lab, 0.1, libtorrent)


def every_block_is_bad(lab):
    download(lab, 1.0, lambda lab, payload, _: WirePeer(
        lab, payload, host="127.0.0.3", rate=HONEST_RATE).address)


run(beside_a_python_seeder, beside_libtorrent, every_block_is_bad)
