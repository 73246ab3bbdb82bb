"""kill -9 just after keys that set something, or while a rename is under way: what the screen
had shown is there again once it was saved, at most two seconds later; before that it is as
it was or as it was set, and nothing else is lost (HOSTILE.md R2, R5). BTTUI_INTEROP_FULL=1:
60 kills instead of six."""

import fcntl
import os
import random
import re
import signal
import time

from bttui import bttui_path
from lab import check, check_equal, run, wait_until
from payload import Payload
from terminal import Terminal
from witness import Witness

KILLS = 60 if os.environ.get("BTTUI_INTEROP_FULL") else 6
SAVED_S = 2
SIZES = [300001, 0, 70, 90000]


class Session:
    """A seed's, in a terminal, that comes back after each kill. KNOWN: what must be shown."""

    def __init__(self, lab):
        self.payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=1 << 16)
        self.torrent = self.payload.torrent(lab.path("payload.torrent"))
        self.state = lab.new_dir("state")
        self.lab, self.terminal = lab, None
        self.known = {"name": "payload", "limits": ("", ""), "paused": False}
        self.begin(self.torrent)
        wait_until(lambda: self.saved() == self.known, "the torrent to be saved")

    def begin(self, *torrents):
        self.terminal = Terminal(self.lab, 110, 30)
        self.terminal.run(bttui_path(), "-p", "0", "-d", self.payload.dir, "-s", self.state,
                          *torrents)
        self.terminal.wait_for(r"100%")
        self.terminal.wait_for(r"paused by you|nobody is connected")
        wait_until(lambda: self.shown() is not None, "the row of the torrent")

    def shown(self):
        """None: half a frame."""
        lines = self.terminal.lines()
        row = next((line for line in lines if "100%" in line), None)
        if row is None:
            return None
        limits = re.findall(r"/ (\d+)\.0 MiB/s", lines[0])
        return {"name": row.split()[1],
                "limits": tuple(limits) if limits else ("", ""),
                "paused": any("paused by you" in line for line in lines)}

    def saved(self):
        """What the files say that are there; None: not of it yet."""
        def read(*path):
            with open(os.path.join(self.state, *path), "rb") as file:
                return file.read()
        try:
            session, resume = read("session"), read("resume", self.payload.infohash.hex())
        except FileNotFoundError:
            return None
        if self.payload.infohash not in session:
            return None
        name = re.search(rb"4:root(\d+):", resume)
        limits = [re.search(rb"max-%bi(\d+)e" % way, session) for way in (b"down", b"up")]
        return {"name": resume[name.end():name.end() + int(name[1])].decode() if name else "payload",
                "limits": tuple(str(int(limit[1]) >> 20) if limit else "" for limit in limits),
                "paused": b"6:pausedi1e" in session}

    def set(self, what):
        """Presses the keys for another value of WHAT; gives it."""
        terminal = self.terminal
        if what == "paused":
            terminal.press("p")
            return not self.known["paused"]
        value = {"name": f"name{random.randrange(10**6)}",
                 "limits": (str(random.randrange(1, 99)), str(random.randrange(1, 99)))}[what]
        terminal.press("r" if what == "name" else "O")
        terminal.wait_for("New name: " if what == "name" else "Limits of all: ")
        terminal.press("C-u")
        terminal.type(value if what == "name" else f"{value[0]}M {value[1]}M")
        terminal.press("Enter")
        return value

    def kill(self):
        """And until it is gone: a disk at work may hold it for a while."""
        with open(os.path.join(self.state, "lock"), encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)
            self.terminal.close()

            def is_free():
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return True
                except OSError:
                    return False
            wait_until(is_free, "the killed one to be gone")

    def check_disk(self, name):
        """All of it is there, under NAME alone."""
        check_equal(os.listdir(self.payload.dir), [name], "what is there")
        for path, size in zip(self.payload.paths, SIZES):
            check_equal(os.path.getsize(os.path.join(self.payload.dir, name, path)), size, path)

    def end(self):
        self.terminal.press("Q")
        self.terminal.wait_shell()


def what_was_saved_is_kept(lab):
    session = Session(lab)
    for _ in range(KILLS):
        for what in random.sample(list(session.known), random.randrange(1, 3)):
            session.known[what] = session.set(what)
            wait_until(lambda: session.shown() == session.known, f"{what} to be shown")
            began = time.monotonic()
            with Witness(lab) as witness:
                wait_until(lambda: session.saved() == session.known, f"{what} to be saved")
                took_s = time.monotonic() - began - witness.lost_s()
            check(took_s < SAVED_S, f"{what} was saved after {took_s:.1f} s")
        session.kill()
        session.check_disk(session.known["name"])
        session.begin()
        check_equal(session.shown(), session.known, "after the kill")
    session.end()


def at_any_moment(lab):
    """Nothing is awaited: it is as it was, or as it was set."""
    session = Session(lab)
    done = 0
    for _ in range(KILLS):
        what = random.choice(list(session.known))
        value = session.set(what)
        time.sleep(random.uniform(0, 0.06))
        session.kill()
        session.begin()
        shown = session.shown()
        check(shown in (session.known, {**session.known, what: value}),
              f"{shown} after {what} was to become {value}, from {session.known}")
        session.check_disk(shown["name"])
        done += shown != session.known
        session.known = shown
    print(f"        {done} of {KILLS} were done")
    session.end()


run(what_was_saved_is_kept, at_any_moment, limit_s=600)
