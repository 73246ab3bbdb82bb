"""bttui itself, headless, as a source of JSON events."""

import json
import os
import shutil
import signal
import threading

from lab import PATIENCE_S, Failed, Process, check, check_equal, in_background, wait_until
from witness import Witness


def bttui_path():
    path = os.environ.get("BTTUI") or shutil.which("bttui")
    if not path or not os.access(path, os.X_OK):
        raise Failed("no bttui: set BTTUI to the program")
    return os.path.abspath(path)


def is_sanitized():
    """Then memory, address space and what follows a crash are another matter."""
    with open(bttui_path(), "rb") as file:
        return b"__asan_init" in file.read()


def at_leisure():
    """In the new process: the alarm that cuts an end off never comes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})


class Bttui(Process):
    """`bttui --headless --json TORRENT`; TORRENT may be None. Events are read in the
    background. PROGRAM: another than the one under test; ENV: what is to be added to the
    environment; BEFORE: called in the new process before the program begins; DHT: ports of nodes
    to start from, or HOST:PORT; LSD, PORTMAP: local discovery, and asking the gateway for the
    port, which are left out otherwise; HURRIES: as outside of tests, an end that takes 4 s is cut
    off, which would make a fault of a busy disk."""

    def __init__(self, lab, torrent, directory, *options, state=None, port=0, name="bttui",
                 program=None, env=None, before=None, cwd=None, dht=None, lsd=False,
                 portmap=False, hurries=False):
        nodes = ["--no-dht"] if dht is None else ["--no-dht=no"] + [
            f"--dht-node={node if ':' in str(node) else f'127.0.0.1:{node}'}" for node in dht]
        self.lab, self.directory = lab, directory
        self.state = state or lab.new_dir("state")
        self.events = []
        self.changed = threading.Condition()

        def begin():
            if not hurries:
                at_leisure()
            if before:
                before()
        super().__init__(lab, name, [
            program or bttui_path(), "--headless", "--json", "--port", str(port), *nodes,
            "--no-lsd=no" if lsd else "--no-lsd",
            "--no-portmap=no" if portmap else "--no-portmap", "--download-dir", directory,
            "--state-dir", self.state,
            *options, *([torrent] if torrent else [])],
            env={"LC_ALL": "C.UTF-8", **(env or {})}, before=begin, cwd=cwd)
        self.reader = in_background(self._read)

    def wait(self, timeout_s=None):
        """Until it has ended and all its events are there."""
        status = super().wait(timeout_s)
        self.reader.join(PATIENCE_S)
        return status

    def _read(self):
        for line in self.read_lines():
            event = json.loads(line)
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()

    def seen(self, kind, **fields):
        """All events so far of that KIND with those FIELDS."""
        with self.changed:
            return [event for event in self.events if event["event"] == kind and
                    all(event.get(key) == value for key, value in fields.items())]

    def wait_event(self, kind, timeout_s=None, **fields):
        def look():
            found = self.seen(kind, **fields)
            if not found and not self.running():
                self.reader.join(PATIENCE_S)
                found = self.seen(kind, **fields)
                if not found:
                    raise Failed(f"{self.name} ended with {self.status()} before {kind} {fields}")
            return found
        return wait_until(look, f"{self.name}: {kind} {fields}", timeout_s)[0]

    def wait_pieces(self, count, timeout_s=None):
        """Until COUNT pieces were verified, or it has ended."""
        wait_until(lambda: len(self.seen("piece", ok=True)) >= count or not self.running(),
                   f"{self.name}: {count} pieces", timeout_s)

    def port(self):
        return self.wait_event("listening")["port"]

    def seeding(self):
        """Waits until it has found everything on disk; gives itself back."""
        self.wait_event("checked", have=self.wait_event("added")["pieces"])
        return self

    def wait_done(self, timeout_s=None):
        """For one with --exit-when-done: it must end by itself, with 0."""
        check_equal(self.wait(timeout_s), 0, f"{self.name}: exit status")
        check(self.seen("completed"), f"{self.name}: no completed event")

    def finish(self, number=signal.SIGTERM):
        """Ends it by signal; it must do so orderly."""
        with Witness(self.lab) as witness:
            status = self.end(number)
            check(status == 0 or witness.explains(status),
                  f"{self.name}: exit status at the signal: {status}")

    def last(self, kind, field):
        found = self.seen(kind)
        return found[-1][field] if found else None

    def first_piece_s(self):
        """Seconds from its start to the first piece."""
        return self.seen("piece", ok=True)[0]["time"] - self.started_at
