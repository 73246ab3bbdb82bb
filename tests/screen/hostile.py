"""Names from every source, full of what terminals obey: a torrent, its files, comment and
trackers, what these answer, what peers call themselves. On the terminal they are harmless
cells, on any kind of terminal, in all views, and no row is ever too long.
(C12-C18, C22, T28)"""

import hashlib
import json
import os
import socket
import subprocess

from bttui import Bttui, bttui_path
from lab import PATIENCE_S, check, check_equal, in_background, run, wait_until
from payload import bencode
from strict import Strict, talker
from wire_peer import WirePeer

PIECE = 1 << 15
EVIL = [
    b"\x1b]52;c;ZXZpbA==\x07", b"\x1b]0;evil\x07", b"\x1b]8;;http://evil/\x1b\\evil\x1b]8;;\x1b\\",
    b"\x1b[4242;4242H", b"\x1b[4242m", b"\x1b[2J\x1b[3J", b"\x1b[6n\x1b[c\x1b[>c\x05",
    b"\x1bP$qm\x1b\\", b"\x1b_evil\x1b\\", b"\x1b^evil\x1b\\", b"\x1bXevil\x1b\\", b"\x1bc\x1b[!p",
    b"\x0e\x0f\x08\x08\x7f\x00\x0b\x0c", b"one\r\ntwo\ttabbed", b"\x9b4242m \x9d0;evil\x9c \x90q",
    "\x9b4242m \x9d0;evil\x9c".encode(), "\u202egnp.exe\u202c \u2066a\u2069 \u200f".encode(),
    "\u200b\u200d\u2060\ufeff\u00ad".encode(), "z\u0301".encode() + "\u0316".encode() * 1000,
    "日本語の名前はとても長いので列がずれるかもしれない".encode(),
    "👩\u200d👩\u200d👧\u200d👦 ☺\ufe0f 🇩🇪 ﷽ ᄀ가 \U000e0041".encode(),
    b"\xed\xa0\x80 \xff\xfe \xc0\xaf \xf4\x90\x80\x80", b"", b"\x1b[", b"\x1b", b"\xe6\x97",
    b"w" * 3000, "\u3164\u115f".encode()]
ALL = b"<" + b"|".join(EVIL[:18]) + b">"
TERMS = ("xterm-256color", "screen", "tmux", "linux", "vt100", "rxvt")


class Torrent:
    """As payload.Payload, but every word in it is hostile."""

    def __init__(self, lab, name, *trackers):
        self.piece_bytes, self.name = PIECE, name
        count = len(EVIL) * 2
        self.total_bytes = count * PIECE // 3
        self.data = hashlib.shake_128(b"hostile").digest(self.total_bytes)
        self.piece_count = -(-self.total_bytes // PIECE)
        pieces = b"".join(hashlib.sha1(self.data[i * PIECE:(i + 1) * PIECE]).digest()
                          for i in range(self.piece_count))
        files = [{"length": self.total_bytes // count, "path": [b"dir " + evil[:200], b"f%d" % i + evil]}
                 for i, evil in enumerate(EVIL * 2)]
        files[-1]["length"] += self.total_bytes - sum(file["length"] for file in files)
        self.info = {"name": name, "piece length": PIECE, "pieces": pieces, "files": files}
        self.infohash = hashlib.sha1(bencode(self.info)).digest()
        self.path = lab.path(lab.unique("hostile.torrent"))
        with open(self.path, "wb") as file:
            file.write(bencode({"announce": trackers[0], "announce-list": [[url] for url in trackers],
                                "info": self.info, "comment": b"comment " + ALL,
                                "created by": b"creator " + ALL, "creation date": 1 << 40}))

    def read(self, begin, length):
        return self.data[begin:begin + length]


class Tracker:
    """Answers as its path says, in words of its own."""
    answers = {
        b"/reason": b"HTTP/1.1 200 OK\r\nServer: " +
                    ALL.replace(b"\r\n", b" ").replace(b"\0", b"") + b"\r\n\r\n" +
                    bencode({"failure reason": b"reason " + ALL}),
        b"/status": b"HTTP/1.1 503 " + EVIL[1] + EVIL[3] + b"\r\nContent-Length: 0\r\n\r\n",
        b"/moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/" + EVIL[3] + EVIL[0] +
                   b"\r\nContent-Length: 0\r\n\r\n",
        b"/noise": b"HTTP/1.1 " + ALL + b"\r\n\r\n" + ALL,
        b"/warning": b"HTTP/1.1 200 OK\r\n\r\n" +
                     bencode({"warning message": b"warning " + ALL, "interval": 1800, "peers": b""}),
    }

    def __init__(self, lab):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = []
        in_background(self._serve)
        lab.closers.append(self.socket.close)

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            in_background(self._answer, client)

    def _answer(self, client):
        with client:
            question = client.recv(65536)
            for path, answer in self.answers.items():
                if b" " + path in question:
                    self.asked.append(path)
                    client.sendall(answer)

    def urls(self):
        """And some that cannot be used."""
        base = b"http://127.0.0.1:%d" % self.socket.getsockname()[1]
        return [base + b"/reason/announce%1b%5b2J%9b", base + ALL,
                b"http://" + ALL, *(base + path + b"/announce" for path in self.answers)]


def swarm(lab):
    """(torrent, options for its peers, tracker)"""
    tracker = Tracker(lab)
    torrent = Torrent(lab, b"name " + ALL, *tracker.urls())
    peers = []
    for i in range(6):
        peer = WirePeer(lab, torrent, host=f"127.0.0.{i + 2}", rate=1 << 17,
                        client=ALL if i == 0 else EVIL[i * 3] + b"client " + EVIL[i])
        peer.peer_id = [b"-\x1b[2J\x9b-", b"M\x1b-]0;a\x07-", b"-UT\x1b[4-"][i % 3].ljust(20, b"\x9d")
        peers.append(f"--peer={peer.address}")
    return torrent, peers, tracker


def command(lab, torrent, peers):
    return [bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
            f"--download-dir={lab.new_dir('target')}", f"--state-dir={lab.new_dir('state')}",
            *peers, torrent.path]


def look_around(terminal):
    """All views, dialogs that repeat names, and sizes that cut them."""
    terminal.wait_for("name")
    terminal.press("Enter")
    for key, shows in (("1", "127.0.0.2"), ("2", "have"), ("3", "dir"), ("4", "127.0.0.1:"),
                       ("5", "B/s|max|min"), ("6", "comment|[Hh]ash|reator"), ("7", " ")):
        terminal.press(key)
        terminal.wait_for(shows)
        terminal.press("G", "l", "g", "j")
        terminal.check_harmless()
    terminal.press("Escape", "Escape", "d")
    terminal.wait_quiet(0.15, 1)
    terminal.press("Escape", "/", "evil")
    terminal.wait_quiet(0.15, 1)
    terminal.press("Escape")
    terminal.check_harmless()


def harmless_on(lab, term, locale="C.UTF-8", *options):
    torrent, peers, tracker = swarm(lab)
    terminal = Strict(lab, [*command(lab, torrent, peers), *options], 120, 40, term, locale)
    terminal.wait(lambda _: len(set(tracker.asked)) >= 3, f"the trackers' answers on {term}")
    look_around(terminal)
    for width, height in ((200, 50), (41, 12), (20, 5), (80, 24)):
        terminal.resize(width, height)
        terminal.redrawn()
        terminal.settle()
        terminal.redrawn()
        terminal.wait_for(r"name")
        terminal.press("j")
        terminal.wait_quiet(0.15, 0.5)
        terminal.check_harmless()
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()


def the_judge_is_strict(lab):
    """What a terminal would obey, sent as it is, is noticed on each."""
    for term in TERMS:
        for evil in [evil for evil in EVIL[:19] if b"tabbed" not in evil]:
            feed = b"<" + evil + b">"
            done = subprocess.run([talker(), term, "80", "24"], capture_output=True, check=True,
                                  input=b"feed %d\n%sshow\n" % (len(feed), feed))
            problem, misplaced = done.stdout.split(b"\n")[:2]
            check(problem + misplaced != b"", f"{evil} passes on {term}")


def on_each_terminal(lab):
    for term in TERMS:
        harmless_on(lab, term)


def where_only_ascii_is_shown(lab):
    """C11: a locale without UTF-8, none, and one that does not exist."""
    harmless_on(lab, "xterm-256color", "C")
    harmless_on(lab, "vt100", None)
    harmless_on(lab, "screen", "xx_YY.no-such")
    harmless_on(lab, "xterm", "C.UTF-8", "--ascii")


def plain_bytes(data, what):
    bad = [byte for byte in data if byte < 0x20 and byte != 0x0a or byte == 0x7f]
    check(not bad, f"control bytes {bad[:8]} in {what}")
    text = data.decode("utf-8")  # or it fails
    bad = [char for char in text if "\x80" <= char <= "\x9f" or char in "\u202e\u2066\u200b\ufeff"]
    check(not bad, f"{bad[:8]} in {what}")


def without_a_terminal(lab):
    """Standard output, standard error, JSON and `show` are for machines and logs."""
    torrent, peers, tracker = swarm(lab)
    client = Bttui(lab, torrent.path, lab.new_dir("target"), *peers)
    client.wait_event("completed")
    wait_until(lambda: any("reason" in (event["message"] or "")
                           for event in client.seen("tracker", ok=False)), "a tracker's reason")
    client.finish()
    for path in (client.out, client.log):
        with open(path, "rb") as file:
            plain_bytes(file.read(), path)
    plain = command(lab, torrent, peers)
    done = subprocess.run([*plain, "--headless", "--exit-when-done"], capture_output=True,
                          check=False, timeout=PATIENCE_S)
    check_equal(done.returncode, 0, "exit status")
    plain_bytes(done.stdout, "standard output")
    plain_bytes(done.stderr, "standard error")
    for options in ([], ["--json"]):
        done = subprocess.run([bttui_path(), "show", *options, torrent.path], check=False,
                              capture_output=True, timeout=PATIENCE_S)
        check_equal(done.returncode, 0, "show's exit status")
        plain_bytes(done.stdout, "show's output")
        if options:
            check_equal(json.loads(done.stdout)["pieces"], torrent.piece_count, "pieces")


def the_users_own_arguments(lab):
    """Paths in messages are not to be trusted either: shells complete them."""
    name = os.fsencode(lab.path("")) + EVIL[0] + b".torrent"
    with open(lab.path("x"), "wb") as file:
        file.write(b"no torrent")
    os.rename(lab.path("x"), name)
    for arguments in ([name], [name + b"-missing"], [b"show", name], [b"show", EVIL[1]],
                      [b"--max-down=" + EVIL[1]], [b"--" + EVIL[1]], [EVIL[1]],
                      [b"--bind=" + EVIL[1], name], [b"--peer=" + EVIL[1], name]):
        done = subprocess.run([os.fsencode(bttui_path()), *arguments, b"--headless",
                               b"--state-dir=" + os.fsencode(lab.new_dir("state"))][:9],
                              capture_output=True, check=False, timeout=PATIENCE_S)
        check(done.returncode in (2, 3), f"status {done.returncode} for {arguments}")
        check(done.stderr != b"", f"no message for {arguments}")
        plain_bytes(done.stdout + done.stderr, f"the message for {arguments}")


run(the_judge_is_strict, on_each_terminal, where_only_ascii_is_shown, without_a_terminal, the_users_own_arguments)
