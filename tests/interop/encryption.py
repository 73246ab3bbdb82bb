"""Encrypted connections (MSE/PE) with libtorrent, transmission, aria2 and rtorrent, which are told
to take nothing else: either side calls, either side seeds, RC4 throughout and only at the
beginning. By TCP; tests/interop/utp.py has the same by uTP."""

from bttui import Bttui
from clients import Aria2, Libtorrent, Rtorrent, Transmission
from lab import Skip, check, check_equal, free_port, run, wait_until
from own_network import enter_own_network
from payload import Payload
from trackers import Opentracker, RecordingTracker

SIZES = [5 << 20, 3 << 20, 1, 70001]
NO_TRACKER = "http://127.0.0.1:9/announce"  # nobody listens there

# Transmission calls nobody on a loopback address.
OUTSIDE = "10.77.0.1"
HAS_OUTSIDE = enter_own_network(f"{OUTSIDE}/32")

PLAIN, RC4, BOTH = 1, 2, 3  # libtorrent's pe_plaintext, pe_rc4, pe_both


def forced(level, prefer_rc4=False):
    return {"out_enc_policy": 0, "in_enc_policy": 0, "allowed_enc_level": level,
            "prefer_rc4": prefer_rc4}


DISABLED = {"out_enc_policy": 2, "in_enc_policy": 2}


def payload_of(lab):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)
    return payload, lab.new_dir("target"), payload.torrent(lab.path("payload.torrent"),
                                                           NO_TRACKER)


def check_connections(bttui, *encryptions):
    """All that it had were TCP's, and hidden in one of these ways."""
    told = {(event["transport"], event["encryption"])
            for event in bttui.seen("peer") if "transport" in event}
    check(told and told <= {("tcp", encryption) for encryption in encryptions},
          f"{bttui.name}: connections: {told}")


def tell(mode, encryption, bttui, since):
    """When it and the other had met, and when they parted with all there is."""
    met, *_, parted = [event["time"] - since for event in bttui.seen("peer")]
    print(f"        {mode}: {encryption}, met after {met:.2f} s, parted after {parted:.2f} s")


def bttui_calls(lab, mode, settings, encryption):
    """It leeches from a libtorrent that listens."""
    payload, target, torrent = payload_of(lab)
    seed = Libtorrent(lab, torrent, payload.dir, seed=True, settings=settings, meet=True)
    bttui = Bttui(lab, torrent, target, f"--encryption={mode}", f"--peer=127.0.0.1:{seed.port}")
    bttui.wait_event("completed")
    check_equal(seed.encryptions(), [encryption], "what libtorrent says of it")
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()
    tell(mode, encryption, bttui, bttui.started_at)
    check_connections(bttui, encryption.replace("plain", "none"))


def bttui_answers(lab, mode, settings, encryption):
    """It seeds to a libtorrent that calls it."""
    payload, target, torrent = payload_of(lab)
    bttui = Bttui(lab, torrent, payload.dir, f"--encryption={mode}").seeding()
    leecher = Libtorrent(lab, torrent, target, peers=[("127.0.0.1", bttui.port())],
                         settings=settings, meet=True)
    leecher.wait_complete()
    check_equal(leecher.encryptions(), [encryption], "what libtorrent says of it")
    leecher.end()
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()
    tell(mode, encryption, bttui, leecher.started_at)
    check_connections(bttui, encryption.replace("plain", "none"))


def calls_libtorrent(lab):
    for mode, settings, encryption in [
            ("allow", forced(RC4), "rc4"), ("allow", forced(PLAIN), "header"),
            ("allow", {}, "plain"), ("prefer", forced(BOTH, True), "rc4"),
            ("prefer", forced(BOTH), "header"), ("prefer", DISABLED, "plain"),
            ("require", forced(BOTH), "rc4"), ("require", {}, "rc4"),
            ("off", {}, "plain")]:
        bttui_calls(lab, mode, settings, encryption)


def answers_libtorrent(lab):
    for mode, settings, encryption in [
            ("allow", forced(RC4), "rc4"), ("allow", forced(PLAIN), "header"),
            ("allow", forced(BOTH), "header"), ("allow", DISABLED, "plain"),
            ("prefer", forced(BOTH), "rc4"), ("require", forced(BOTH), "rc4"),
            ("require", {}, "rc4"), ("off", DISABLED, "plain")]:
        bttui_answers(lab, mode, settings, encryption)


def never_meets(lab, mode, settings, others):
    """All comes from the other seed, and not before this one was called in vain."""
    payload, target, torrent = payload_of(lab)
    seed = Libtorrent(lab, torrent, payload.dir, seed=True, settings=settings)
    bttui = Bttui(lab, torrent, target, f"--encryption={mode}", "--exit-when-done",
                  f"--peer=127.0.0.1:{seed.port}")
    seed.wait_called()
    other = Libtorrent(lab, torrent, payload.dir, seed=True, settings=others, meet=True,
                       peers=[("127.0.0.1", bttui.port())])
    bttui.wait_done()
    check_equal(seed.encryptions(), [], "connections")
    check_equal(seed.uploaded(), 0, "bytes")
    check_equal(len(other.encryptions()), 1, "connections with the other")


def does_not_meet_libtorrent(lab):
    never_meets(lab, "off", forced(RC4), DISABLED)
    never_meets(lab, "require", DISABLED, forced(RC4))
    never_meets(lab, "require", forced(PLAIN), forced(RC4))


def leech(lab, client, mode, kinds=("rc4",), **options):
    """BTTUI leeches from one found by a tracker."""
    payload, target, _ = payload_of(lab)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    client(lab, torrent, payload.dir, seed=True, **options)
    tracker.wait_seeders(payload)
    bttui = Bttui(lab, torrent, target, f"--encryption={mode}", "--exit-when-done")
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check_connections(bttui, *kinds)


def seed_to(lab, client, mode, comes_last=False, kinds=("rc4",), **options):
    """bttui seeds to one that finds it by a tracker, or is found."""
    payload, target, _ = payload_of(lab)
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.http)
    leecher = None
    if comes_last:
        leecher = client(lab, torrent, target, **options)
        tracker.wait_leechers(payload)
    bttui = Bttui(lab, torrent, payload.dir, f"--encryption={mode}").seeding()
    tracker.wait_seeders(payload)
    leecher = leecher or client(lab, torrent, target, **options)
    leecher.wait_complete()
    if leecher.running():
        leecher.end()
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()
    check_connections(bttui, *kinds)


TRANSMISSION = {"encryption": 2}  # required
ARIA2 = ("--bt-require-crypto=true", "--bt-min-crypto-level=arc4")
RTORRENT = "protocol.encryption.set = allow_incoming,try_outgoing,require"


def transmission(lab):
    for mode in ("allow", "require"):
        leech(lab, Transmission, mode, settings=TRANSMISSION)
        seed_to(lab, Transmission, mode, comes_last=True, settings=TRANSMISSION)


def aria2(lab):
    for mode in ("allow", "require"):
        leech(lab, Aria2, mode, more=ARIA2)
        seed_to(lab, Aria2, mode, more=ARIA2)


def is_called_by_transmission(lab):
    """It is told of nobody but bttui."""
    if not HAS_OUTSIDE:
        raise Skip("no network of its own can be made here")
    for mode, seeds in (("allow", True), ("require", True), ("allow", False), ("require", False)):
        payload, target, torrent = payload_of(lab)
        port = free_port()
        tracker = RecordingTracker(lab, fixed=[(OUTSIDE, port)])
        tracked = payload.torrent(lab.path("tracked.torrent"), tracker.url)
        bttui = Bttui(lab, torrent, target if seeds else payload.dir, f"--encryption={mode}",
                      port=port)
        bttui.port()
        other = Transmission(lab, tracked, payload.dir if seeds else target, seed=seeds,
                             host=OUTSIDE, settings=TRANSMISSION)
        if seeds:
            bttui.wait_event("completed")
        else:
            other.wait_complete()
        check_equal(payload.differences(target), [], "files that differ")
        bttui.finish()
        check_connections(bttui, "rc4")


def rtorrent(lab):
    rc4, any_kind = (RTORRENT + ",require_RC4", ["rc4"]), (RTORRENT, ["rc4", "header"])
    for mode, (settings, kinds) in (("allow", rc4), ("allow", any_kind), ("require", rc4)):
        leech(lab, Rtorrent, mode, kinds, settings=[settings])
        seed_to(lab, Rtorrent, mode, kinds=kinds, settings=[settings], host="127.0.0.2")


run(calls_libtorrent, answers_libtorrent, does_not_meet_libtorrent, transmission,
    is_called_by_transmission, aria2, rtorrent)
