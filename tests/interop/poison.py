"""A seeder that corrupts one block in ten, beside honest ones: the data come out right, the
poisoner is banned for bad data, and nobody else is. The honest ones give nothing until it has
given a bad block, and it waits for them then: however fast they are, both have their share."""

from bttui import Bttui
from clients import Libtorrent
from lab import check, check_equal, run, wait_until
from payload import Payload
from wire_peer import WirePeer

SIZES = [7 << 20, 1 << 20, 70001]
HONEST_RATE = 6 << 20


def download(lab, payload, share, begin_honest, *honest):
    """HONEST: peers that bttui calls. BEGIN_HONEST(torrent, bttui): they are to give."""
    target = lab.new_dir("target")
    torrent = payload.torrent(lab.path("payload.torrent"))
    poisoner = WirePeer(lab, payload, host="127.0.0.2", poison=share, rate=2 * HONEST_RATE,
                        waits=True)
    bttui = Bttui(lab, torrent, target, "--exit-when-done",
                  *(f"--peer={peer}" for peer in (poisoner.address, *honest)))
    wait_until(poisoner.has_poisoned, "a bad block")
    begin_honest(torrent, bttui)
    poisoner.go_on.set()
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check(bttui.seen("piece", ok=False), "no piece failed")
    check_equal([(ban["address"], ban["reason"]) for ban in bttui.seen("ban")],
                [(poisoner.address, "bad-data")], "bans")
    check_equal(met(bttui).count(poisoner.address), 1, "connections with the poisoner")


def beside_a_python_seeder(lab, share=0.1):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)
    honest = WirePeer(lab, payload, host="127.0.0.3", rate=HONEST_RATE, waits=True)
    download(lab, payload, share, lambda *_: honest.go_on.set(), honest.address)


def beside_libtorrent(lab):
    """Which calls."""
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)

    def begin(torrent, bttui):
        Libtorrent(lab, torrent, payload.dir, seed=True, host="127.0.0.3", up=HONEST_RATE,
                   peers=[("127.0.0.1", bttui.port())])
        wait_until(lambda: len(met(bttui)) == 2, "both to be connected")
    download(lab, payload, 0.1, begin)


def met(bttui):
    """With whom it was connected, each time."""
    return [event["address"] for event in bttui.seen("peer", status="inactive", reason="")]


def every_block_is_bad(lab):
    beside_a_python_seeder(lab, 1.0)


run(beside_a_python_seeder, beside_libtorrent, every_block_is_bad)
