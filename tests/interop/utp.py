"""uTP (BEP 29) with libtorrent, transmission and qBittorrent, which have nothing else here: each
calls, each is called, each has what the other wants, in the plain and hidden by MSE/PE."""

import contextlib
import socket
import time

from bttui import Bttui
from clients import Libtorrent, Transmission
from lab import Skip, check, check_equal, free_port, in_background, run, wait_until
from own_network import enter_own_network, refuse_tcp
from payload import Payload
from sessions import Qbittorrent
from trackers import RecordingTracker

SIZES = [20 << 20, 0, 3 << 20, 1, 70001]
# Transmission makes no empty files, takes its time before each request, and calls nobody on a
# loopback address.
SMALL = [3 << 20, 1, 70001]
OUTSIDE = "10.77.0.1"
HAS_OUTSIDE = enter_own_network(f"{OUTSIDE}/32")

UTP_ALONE = {"enable_outgoing_utp": True, "enable_incoming_utp": True,
             "enable_outgoing_tcp": False, "enable_incoming_tcp": False}
PLAIN = {"out_enc_policy": 2, "in_enc_policy": 2}  # pe_disabled


def hidden(level):
    """Nothing but MSE/PE, and of it that: libtorrent's pe_plaintext, pe_rc4."""
    return {"out_enc_policy": 0, "in_enc_policy": 0, "allowed_enc_level": level}


# libtorrent's settings, our --encryption, and what the connection is then.
HIDING = [(PLAIN, "allow", "none"), (hidden(1), "allow", "header"), (hidden(2), "allow", "rc4"),
          (hidden(2), "require", "rc4")]


def _payload(lab, sizes=SIZES):
    payload = Payload(lab.new_dir("seed"), "payload", sizes)
    return payload, payload.torrent(lab.path(lab.unique("payload") + ".torrent"))


def _tell(began, payload, encryption):
    took = time.time() - began
    print(f"        {encryption}: {took:.2f} s, {sum(payload.sizes) / took / 1e6:.0f} MB/s")


def check_connections(bttui, encryption):
    """All that it had were uTP's, and hidden like that."""
    told = {(event["transport"], event["encryption"])
            for event in bttui.seen("peer") if "transport" in event}
    check_equal(told, {("utp", encryption)}, f"{bttui.name}: connections")


def leech(lab, torrent, payload, encryption, *options, **named):
    """bttui downloads all there is; CALL, if given, lets the other call it."""
    target, began, call = lab.new_dir("target"), time.time(), named.pop("call", None)
    bttui = Bttui(lab, torrent, target, "--exit-when-done", *options, **named)
    if call is not None:
        call(bttui.port())
    bttui.wait_done()
    _tell(began, payload, encryption)
    check_equal(payload.differences(target), [], "files that differ")
    check_connections(bttui, encryption)


# ---- libtorrent ----

def calls_a_seeding_libtorrent(lab):
    for settings, mode, encryption in HIDING:
        payload, torrent = _payload(lab)
        seed = Libtorrent(lab, torrent, payload.dir, seed=True,
                          settings={**UTP_ALONE, **settings})
        leech(lab, torrent, payload, encryption, f"--encryption={mode}",
              f"--peer=127.0.0.1:{seed.port}")


def is_called_by_a_seeding_libtorrent(lab):
    for settings, mode, encryption in HIDING:
        payload, torrent = _payload(lab)

        def call(port, torrent=torrent, payload=payload, settings=settings):
            Libtorrent(lab, torrent, payload.dir, seed=True, peers=[("127.0.0.1", port)],
                       settings={**UTP_ALONE, **settings})
        leech(lab, torrent, payload, encryption, f"--encryption={mode}", call=call)


def seed_to_libtorrent(lab, bttui_calls):
    for settings, mode, encryption in HIDING:
        payload, torrent = _payload(lab)
        target, began = lab.new_dir("target"), time.time()
        settings = {**UTP_ALONE, **settings}
        if bttui_calls:
            leecher = Libtorrent(lab, torrent, target, settings=settings, meet=True)
            bttui = Bttui(lab, torrent, payload.dir, f"--encryption={mode}",
                          f"--peer=127.0.0.1:{leecher.port}").seeding()
        else:
            bttui = Bttui(lab, torrent, payload.dir, f"--encryption={mode}").seeding()
            leecher = Libtorrent(lab, torrent, target, settings=settings, meet=True,
                                 peers=[("127.0.0.1", bttui.port())])
        leecher.wait_complete()
        _tell(began, payload, encryption)
        check_equal(leecher.encryptions(), [encryption.replace("none", "plain")],
                    "what libtorrent says of it")
        leecher.end()
        check_equal(payload.differences(target), [], "files that differ")
        bttui.finish()
        check_connections(bttui, encryption)


def calls_a_leeching_libtorrent(lab):
    seed_to_libtorrent(lab, bttui_calls=True)


def is_called_by_a_leeching_libtorrent(lab):
    seed_to_libtorrent(lab, bttui_calls=False)


# ---- transmission: without a TCP port, and with or without MSE/PE ----

@contextlib.contextmanager
def no_tcp(host, port):
    """Somebody has the port and does not listen: nobody else can, and who connects is refused."""
    with socket.socket() as taken:
        taken.bind((host, port))
        yield


# Its `encryption` (none, required), and what the connection is then.
TRANSMISSION = [(0, "none"), (2, "rc4")]


def transmission(lab, torrent, directory, encryption, **options):
    settings = {"utp-enabled": True, "encryption": encryption}
    return Transmission(lab, torrent, directory, host=OUTSIDE, settings=settings, **options)


def needs_outside():
    if not HAS_OUTSIDE:
        raise Skip("no network of its own can be made here")


def without_tcp(lab, torrent, directory, encryption, **options):
    port = free_port(OUTSIDE)
    with no_tcp(OUTSIDE, port):
        client = transmission(lab, torrent, directory, encryption, port=port, **options)
    check(not listens(OUTSIDE, port), "transmission listens for TCP")
    return client


def listens(host, port):
    with socket.socket() as caller:
        return caller.connect_ex((host, port)) == 0


def side_by_side(lab, one):
    """ONE for each of TRANSMISSION, at once: most of its time it waits for its own timers."""
    needs_outside()
    failures = []

    def attempt(level, encryption):
        payload, torrent = _payload(lab, SMALL)
        try:
            one(payload, torrent, level, encryption)
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(failure)
    threads = [in_background(attempt, *kind) for kind in TRANSMISSION]
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def calls_a_seeding_transmission(lab):
    def one(payload, torrent, level, encryption):
        seed = without_tcp(lab, torrent, payload.dir, level, seed=True)
        leech(lab, torrent, payload, encryption, f"--peer={OUTSIDE}:{seed.port}")
    side_by_side(lab, one)


def calls_a_leeching_transmission(lab):
    def one(payload, torrent, level, encryption):
        target = lab.new_dir("target")
        leecher = without_tcp(lab, torrent, target, level)
        bttui = Bttui(lab, torrent, payload.dir, f"--peer={OUTSIDE}:{leecher.port}").seeding()
        ends_with_transmission(payload, target, bttui, leecher, encryption)
    side_by_side(lab, one)


def ends_with_transmission(payload, target, bttui, leecher, encryption):
    began = time.time()
    leecher.wait_complete()
    _tell(began, payload, encryption)
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()
    check_connections(bttui, encryption)


def is_called_by_a_leeching_transmission(lab):
    """It is told of nobody but bttui, and tries uTP before TCP, which is refused where it can be:
    it would take that when bttui is late."""
    def one(payload, torrent, level, encryption):
        target = lab.new_dir("target")
        bttui = Bttui(lab, torrent, payload.dir).seeding()
        refuse_tcp(bttui.port())
        tracker = RecordingTracker(lab, fixed=[(OUTSIDE, bttui.port())])
        tracked = payload.torrent(lab.path(f"{encryption}.torrent"), tracker.url)
        leecher = transmission(lab, tracked, target, level)
        ends_with_transmission(payload, target, bttui, leecher, encryption)
    side_by_side(lab, one)


def is_called_by_a_seeding_transmission(lab):
    def one(payload, torrent, level, encryption):
        port = free_port()
        refuse_tcp(port)
        tracker = RecordingTracker(lab, fixed=[(OUTSIDE, port)])
        tracked = payload.torrent(lab.path(f"{encryption}.torrent"), tracker.url)
        leech(lab, torrent, payload, encryption, port=port, call=lambda _port: transmission(
            lab, tracked, payload.dir, level, seed=True))
    side_by_side(lab, one)


# ---- qBittorrent: uTP alone, by its settings; whom it takes by TCP it drops at once ----

# Its Session\Encryption (disabled, required), and what the connection is then.
QBITTORRENT = [(2, "none"), (1, "rc4")]


def qbittorrent(lab, encryption):
    return Qbittorrent(lab, settings=["Session\\BTProtocol=UTP",
                                      f"Session\\Encryption={encryption}"])


def seeding_qbittorrent(lab, torrent, payload, encryption):
    client = qbittorrent(lab, encryption)
    client.add(torrent, payload.dir)
    wait_until(lambda: any(client.have().values()), "qBittorrent to check the data")
    return client


def calls_a_seeding_qbittorrent(lab):
    for level, encryption in QBITTORRENT:
        payload, torrent = _payload(lab)
        seed = seeding_qbittorrent(lab, torrent, payload, level)
        leech(lab, torrent, payload, encryption, f"--encryption={mode_for(encryption)}",
              f"--peer=127.0.0.1:{seed.port}")


def mode_for(encryption):
    return "require" if encryption == "rc4" else "allow"


def is_called_by_a_seeding_qbittorrent(lab):
    for level, encryption in QBITTORRENT:
        payload, torrent = _payload(lab)
        seed = seeding_qbittorrent(lab, torrent, payload, level)
        leech(lab, torrent, payload, encryption, f"--encryption={mode_for(encryption)}",
              call=lambda port, seed=seed, payload=payload: seed.call(
                  payload.infohash.hex(), "127.0.0.1", port))


def seed_to_qbittorrent(lab, bttui_calls):
    for level, encryption in QBITTORRENT:
        payload, torrent = _payload(lab)
        target = lab.new_dir("target")
        leecher = qbittorrent(lab, level)
        leecher.add(torrent, target)
        peer = [f"--peer=127.0.0.1:{leecher.port}"] if bttui_calls else []
        bttui = Bttui(lab, torrent, payload.dir, f"--encryption={mode_for(encryption)}",
                      *peer).seeding()
        began = time.time()
        if not bttui_calls:
            leecher.call(payload.infohash.hex(), "127.0.0.1", bttui.port())
        wait_until(lambda: leecher.have().get(payload.infohash.hex(), 0) == payload.total_bytes,
                   "qBittorrent to complete")
        _tell(began, payload, encryption)
        leecher.finish()
        check_equal(payload.differences(target), [], "files that differ")
        bttui.finish()
        check_connections(bttui, encryption)


def calls_a_leeching_qbittorrent(lab):
    seed_to_qbittorrent(lab, bttui_calls=True)


def is_called_by_a_leeching_qbittorrent(lab):
    seed_to_qbittorrent(lab, bttui_calls=False)


run(calls_a_seeding_libtorrent, is_called_by_a_leeching_libtorrent,
    is_called_by_a_seeding_libtorrent, calls_a_leeching_libtorrent,
    calls_a_seeding_transmission, calls_a_leeching_transmission,
    is_called_by_a_seeding_transmission, is_called_by_a_leeching_transmission,
    calls_a_seeding_qbittorrent, calls_a_leeching_qbittorrent,
    is_called_by_a_seeding_qbittorrent, is_called_by_a_leeching_qbittorrent)
