"""--proxy: peers, HTTP and UDP trackers through a SOCKS5 proxy of the test's own, names looked up
by it; nothing beside it, also while it fails."""

from bttui import Bttui
from clients import Libtorrent
from lab import check, check_equal, free_port, run, wait_until
from payload import Payload
from socks_proxy import Proxy
from trackers import Opentracker, RecordingTracker
from wire_peer import WirePeer

SIZES = [5 << 20, 1, 70001]
NAMES = {"tracker.test": "127.0.0.1"}  # nobody else knows it


def new_proxy(lab, **options):
    proxy = Proxy(names=NAMES, **options)
    lab.closers.append(proxy.close)
    return proxy


def swarm(lab, scheme, name=None):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES)
    tracker = Opentracker(lab, payload)
    url = tracker.http if scheme == "http" else tracker.udp
    torrent = payload.torrent(lab.path("payload.torrent"), url)
    seed = Libtorrent(lab, torrent, payload.dir, seed=True)
    tracker.wait_seeders(payload)
    if name is not None:
        torrent = payload.torrent(lab.path("named.torrent"), url.replace("127.0.0.1", name))
    return payload, tracker, torrent, seed


def download(lab, scheme, name=None, login=None, encryption="allow"):
    payload, tracker, torrent, seed = swarm(lab, scheme, name)
    target = lab.new_dir("target")
    proxy = new_proxy(lab, **dict(zip(("user", "password"), login or ())))
    user = f"{login[0]}:{login[1]}@" if login else ""
    bttui = Bttui(lab, torrent, target, f"--proxy=socks5://{user}127.0.0.1:{proxy.port}",
                  f"--encryption={encryption}", "--exit-when-done",
                  # Where a name leads is not known here: what it tells of this machine does not count.
                  *([f"--peer=127.0.0.1:{seed.port}"] if name else []))
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    host = name or "127.0.0.1"
    kind = "connect" if scheme == "http" else "udp"
    check((kind, host, tracker.port) in proxy.asked, f"the tracker was not asked for: {proxy.asked}")
    check(("connect", "127.0.0.1", seed.port) in proxy.asked, "the peer was not asked for")
    check(not bttui.seen("listening"), "it listens")


def http_tracker(lab):
    download(lab, "http")


def http_tracker_by_name_with_a_login(lab):
    download(lab, "http", "tracker.test", ("me", "secret"))


def udp_tracker(lab):
    download(lab, "udp")


def udp_tracker_by_name(lab):
    download(lab, "udp", "tracker.test", encryption="require")


def proxies_that_fail(lab):
    """It says why nothing moves, asks again, and goes on when the proxy works."""
    payload, _, torrent, _ = swarm(lab, "http")
    for fault, words in [(b"HTTP/1.1 400 Bad\r\n\r\n", "does not speak SOCKS5"), (b"\x05", "hangs up"),
                         (b"", "hangs up"), (b"\x05\xff", "a user and a password"),
                         (b"\x04\x00", "does not speak SOCKS5")]:
        target = lab.new_dir("target")
        proxy = new_proxy(lab, fault=fault)
        bttui = Bttui(lab, torrent, target, f"--proxy=socks5://127.0.0.1:{proxy.port}",
                      "--exit-when-done")
        wait_until(lambda: any(words in event["message"] for event in bttui.seen("warning")),
                   f"a warning that it {words}")
        check(not bttui.seen("piece"), "a piece came")
        proxy.fault = None
        bttui.wait_done()
        check_equal(payload.differences(target), [], "files that differ")
        proxy.close()


def wrong_password(lab):
    _, _, torrent, _ = swarm(lab, "http")
    proxy = new_proxy(lab, user="me", password="secret")
    bttui = Bttui(lab, torrent, lab.new_dir("target"),
                  f"--proxy=socks5://me:wrong@127.0.0.1:{proxy.port}")
    wait_until(lambda: any("refuses the user" in event["message"] for event in bttui.seen("warning")),
               "a warning that the password is wrong")
    check_equal(proxy.asked, [], "what it asked for")
    check(not any("wrong" in event["message"] for event in bttui.seen("warning")), "a password told")
    bttui.finish()


def comes_back(lab):
    """The peer gives a fifth before the proxy goes. That has a port which the system gives to
    nobody meanwhile."""
    payload, target = Payload(lab.new_dir("seed"), "payload", SIZES), lab.new_dir("target")
    peer = WirePeer(lab, payload, silent_after=64)
    tracker = RecordingTracker(lab, fixed=[("127.0.0.1", peer.port)])
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    proxy = new_proxy(lab, port=free_port())
    bttui = Bttui(lab, torrent, target, f"--proxy=socks5://127.0.0.1:{proxy.port}")
    bttui.wait_pieces(2)
    proxy.close()
    wait_until(lambda: any("cannot be reached" in event["message"] for event in bttui.seen("warning")),
               "a warning that the proxy is away")
    peer.silent_after = None
    new_proxy(lab, port=proxy.port)
    bttui.wait_event("completed")
    check_equal(payload.differences(target), [], "files that differ")
    bttui.finish()


run(http_tracker, http_tracker_by_name_with_a_login, udp_tracker, udp_tracker_by_name,
    proxies_that_fail, wrong_password, comes_back)
