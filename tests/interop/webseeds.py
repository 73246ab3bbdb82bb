"""Web seeds (BEP 19): from nginx, alone and beside a peer, and from servers that answer
wrongly: the data come out right all the same."""

import re

from bttui import Bttui
from clients import Aria2
from lab import Failed, check, check_equal, run, wait_until
from payload import Payload
from web_servers import Nginx, WebServer, with_webseeds
from wire_peer import WirePeer
from witness import Witness

# Names that a URL cannot have as they are, an empty file, and pieces over several files.
PATHS = ["a plain name", "dir/100% ü#?&+;=.bin", "dir/deep/[x].txt", "empty", "last"]
SIZES = [5 << 20, 3000001, 12345, 0, 700000]
RATE = 2 << 20


def several_files(lab):
    return Payload(lab.new_dir("served"), "my files", SIZES, PATHS)


def fetch(lab, payload, urls, *options):
    torrent = with_webseeds(payload, lab.path("payload.torrent"), *urls)
    bttui = Bttui(lab, torrent, lab.new_dir("target"), "--exit-when-done", *options)
    bttui.wait_done()
    check_equal(payload.differences(bttui.directory), [], "files that differ")
    return bttui


def one_file_from_nginx(lab):
    payload = Payload(lab.new_dir("served"), "one file.bin", [(9 << 20) + 17])
    nginx = Nginx(lab, payload.dir)
    fetch(lab, payload, [nginx.url + "one%20file.bin"])
    requests = nginx.requests()
    check(all(re.fullmatch(r'206 "/one%20file.bin" "bytes=\d+-\d+" "identity" \d+', line)
              for line in requests), f"requests {requests}")
    check(len(requests) <= 40, f"{len(requests)} requests for 9 MiB")
    # Two requests may be under way at a time.
    check(nginx.connections(requests) <= 2 < len(requests),
          f"{len(requests)} requests over {nginx.connections(requests)} connections")


def one_file_below_a_directory(lab):
    payload = Payload(lab.new_dir("served"), "one file.bin", [1 << 20])
    nginx = Nginx(lab, payload.dir)
    fetch(lab, payload, [nginx.url])
    check(nginx.requests(), "no request")


def several_files_from_nginx(lab):
    payload = several_files(lab)
    nginx = Nginx(lab, payload.dir)
    fetch(lab, payload, [nginx.url])
    requests = nginx.requests()
    check(not any(line.startswith("404") for line in requests), "a file not found")
    check(nginx.connections(requests) <= 2, f"{nginx.connections(requests)} connections")


def a_directory_without_its_slash(lab):
    payload = several_files(lab)
    nginx = Nginx(lab, payload.dir.rstrip("/").rsplit("/", 1)[0])
    fetch(lab, payload, [nginx.url + payload.dir.rstrip("/").rsplit("/", 1)[1]])


def redirected_by_nginx(lab):
    payload = several_files(lab)
    nginx = Nginx(lab, payload.dir)
    fetch(lab, payload, [nginx.url + "moved/"])
    check(any(line.startswith("302") for line in nginx.requests()), "no redirect")


def beside_a_peer(lab):
    """Alone nginx would take half a minute: the peer has its share, however late it is."""
    payload = several_files(lab)
    nginx, peer = Nginx(lab, payload.dir, rate=RATE // 16), WirePeer(lab, payload, rate=RATE)
    fetch(lab, payload, [nginx.url], "--peer", peer.address)
    check(peer.sent, "the peer sent nothing")
    check(nginx.requests(), "the web seed was asked for nothing")


def limited(lab):
    payload = Payload(lab.new_dir("served"), "one", [3 << 20])
    nginx = Nginx(lab, payload.dir)
    with Witness(lab) as witness:
        bttui = fetch(lab, payload, [nginx.url + "one"], "--max-down", "1M")
        lost_s = witness.lost_s()
    took_s = bttui.seen("completed")[0]["time"] - bttui.seen("listening")[0]["time"]
    check(2.5 <= took_s <= 12 + lost_s, f"3 MiB at 1 MiB/s in {took_s:.1f} s")


def with_a_peer(lab, payload, answer):
    """A web seed, and a peer that gives nothing until the web seed has given an answer."""
    peer = WirePeer(lab, payload, rate=RATE, waits=True)

    def go_on_after(handler, data, first, last):
        try:
            answer(handler, data, first, last)
        finally:
            peer.go_on.set()
    return WebServer(lab, payload, go_on_after), peer


def beside_one_that_is_wrong(lab, answer, reason):
    """The wrong one is not asked for ever (REASON), and costs nothing but time."""
    payload = several_files(lab)
    wrong, peer = with_a_peer(lab, payload, answer)
    bttui = fetch(lab, payload, [wrong.url], "--peer", peer.address)
    check(wrong.requests, "the web seed was asked for nothing")
    check(not reason or bttui.seen("ban", reason=reason), f"no ban: {reason}")
    check_equal([ban for ban in bttui.seen("ban") if ban["address"] == peer.address], [],
                "bans of the peer")


def whole_file_instead_of_the_range(lab):  # W1
    beside_one_that_is_wrong(
        lab, lambda handler, data, first, last: WebServer.reply(handler, 200, data), None)


def longer_than_asked(lab):  # W1
    beside_one_that_is_wrong(
        lab, lambda handler, data, first, last: WebServer.reply(
            handler, 206, data[first:last + 1] + b"more",
            Content_Range=f"bytes {first}-{last}/{len(data)}"), None)


def compressed(lab):  # W1
    beside_one_that_is_wrong(
        lab, lambda handler, data, first, last: WebServer.reply(
            handler, 206, data[first:last + 1], Content_Encoding="gzip",
            Content_Range=f"bytes {first}-{last}/{len(data)}"), None)


def another_range(lab):  # W3
    beside_one_that_is_wrong(
        lab, lambda handler, data, first, last: WebServer.reply(
            handler, 206, data[first:last + 1],
            Content_Range=f"bytes {first + 1}-{last + 1}/{len(data)}"), None)


def corrupt_data(lab):  # W2
    beside_one_that_is_wrong(
        lab, lambda handler, data, first, last: WebServer.reply(
            handler, 206, bytes(last + 1 - first),
            Content_Range=f"bytes {first}-{last}/{len(data)}"), "bad-data")


def a_file_is_not_there(lab):  # W6
    payload = several_files(lab)

    def answer(handler, data, first, last):
        gone = handler.path.endswith("last")
        WebServer.right(handler, None if gone else data, first, last)
    server = WebServer(lab, payload, answer)
    torrent = with_webseeds(payload, lab.path("payload.torrent"), server.url)
    bttui = Bttui(lab, torrent, lab.new_dir("target"))
    rest = sum(1 for piece in range(payload.piece_count)
               if (piece + 1) * payload.piece_bytes <= payload.total_bytes - SIZES[-1])
    bttui.wait_pieces(rest)

    def asked():
        return sum(path.endswith("last") for path in server.requests)
    wait_until(asked, "a request for what is not there")
    check_equal(len(bttui.seen("piece", ok=True)), rest, "pieces")
    # Two requests may be under way when the first answer comes.
    check(asked() <= 2, f"{asked()} requests for what is not there")
    bttui.finish()


def not_asked_after_three_wrong_answers(lab):  # W1
    payload = Payload(lab.new_dir("served"), "one", [1 << 20])
    wrong = WebServer(lab, payload, lambda handler, data, first, last: WebServer.reply(
        handler, 200, data))
    torrent = with_webseeds(payload, lab.path("payload.torrent"), wrong.url + "one")
    bttui = Bttui(lab, torrent, lab.new_dir("target"))
    # Tried again after 5 s, and 10 s after that.
    bttui.wait_event("peer", reason="protocol")
    asked = len(wrong.requests)
    check(asked >= 3, f"{asked} requests")
    try:
        wait_until(lambda: len(wrong.requests) > asked, "another request", 25)
        raise AssertionError("asked again")
    except Failed:
        pass
    check_equal(bttui.seen("piece"), [], "pieces")
    bttui.finish()


def redirected_to(lab, location):
    """The payload is there as a file, too, and must not be read from it."""
    payload = several_files(lab)

    def answer(handler, data, first, last):
        WebServer.reply(handler, 302, b"", Location=location.format(
            path=handler.path, dir=payload.dir))
    wrong, peer = with_a_peer(lab, payload, answer)
    bttui = fetch(lab, payload, [wrong.url], "--peer", peer.address)
    check(wrong.requests, "the web seed was asked for nothing")
    check(len(peer.sent) * 16384 >= payload.total_bytes, f"the peer sent {len(peer.sent)} blocks")
    return bttui, wrong


def redirected_to_a_file(lab):  # W4: H10
    redirected_to(lab, "file://{dir}{path}")


def redirected_in_a_circle(lab):  # W4: H9
    _, wrong = redirected_to(lab, "{path}")
    # Two requests at a time, each with three hops, before it is left alone.
    check(len(wrong.requests) <= 4 * 8, f"{len(wrong.requests)} requests")


def redirected_to_what_looks_like_a_host(lab):  # W4: H13
    redirected_to(lab, "http://user@127.0.0.1{path}")


def a_slow_one(lab):  # W7
    payload = Payload(lab.new_dir("served"), "one", [1 << 20])
    peer, trickle = WirePeer(lab, payload, rate=RATE, waits=True), WebServer.trickling(1)

    def answer(*asked):
        peer.go_on.set()
        trickle(*asked)
    slow = WebServer(lab, payload, answer)
    bttui = fetch(lab, payload, [slow.url + "one"], "--peer", peer.address)
    check(slow.requests, "the web seed was asked for nothing")
    took_s = bttui.seen("completed")[0]["time"] - bttui.seen("listening")[0]["time"]
    print(f"        complete after {took_s:.1f} s beside a web seed of 1 B/s")
    check(took_s < 40, f"complete after {took_s:.1f} s")


def aria2_beside_us(lab):
    """The same torrent and web server for both, and each gives the other what it has."""
    payload = several_files(lab)
    nginx = Nginx(lab, payload.dir, rate=RATE)
    torrent = with_webseeds(payload, lab.path("payload.torrent"), nginx.url)
    target = lab.new_dir("target")
    aria2 = Aria2(lab, torrent, target)
    bttui = fetch(lab, payload, [nginx.url], "--peer", f"127.0.0.1:{aria2.port}")
    aria2.wait_complete()
    check_equal(payload.differences(target), [], "aria2's files that differ")
    check(bttui.seen("completed"), "we are not complete")


run(one_file_from_nginx, one_file_below_a_directory, several_files_from_nginx,
    a_directory_without_its_slash, redirected_by_nginx, beside_a_peer, limited,
    whole_file_instead_of_the_range, longer_than_asked, compressed, another_range,
    corrupt_data, a_file_is_not_there, not_asked_after_three_wrong_answers, redirected_to_a_file,
    redirected_in_a_circle, redirected_to_what_looks_like_a_host, a_slow_one, aria2_beside_us)
