"""A pseudo-terminal with a terminal behind it that believes nobody (vt_talk): whatever the
program writes is judged byte by byte. It can stop reading, change its size, and hang up."""

import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time

from bttui import bttui_path
from lab import PATIENCE_S, Failed, Skip, check, check_equal, wait_until
from witness import Witness

KEYS = {"Enter": "\r", "Escape": "\x1b", "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B",
        "PgDn": "\x1b[6~", "C-c": "\x03", "C-l": "\x0c", "C-z": "\x1a", "Space": " "}
CLEAR = re.compile(rb"\x1b\[H\x1b\[2?J")  # with it begins a frame that is sent whole
CLEAR_MOST = 7  # bytes of it


def talker():
    path = os.path.join(os.path.dirname(bttui_path()), "tests/screen/vt_talk")
    if not os.access(path, os.X_OK):
        raise Skip("tests/screen/vt_talk is not built")
    return path


class Strict:
    """COMMAND on a terminal of its own, as session leader. LOCALE None: unset."""

    def __init__(self, lab, command, width=80, height=24, term="xterm-256color",
                 locale="C.UTF-8", judge_as=None, **environment):
        self.lab, self.width, self.height = lab, width, height
        self.bytes_read = self.clears = 0
        self.unsearched = b""
        self.silence_s = 0.1  # what an Escape is given until it is a key of its own
        self.reading = threading.Event()
        self.reading.set()
        self.lock = threading.Lock()
        self.closed = False
        kind = [] if locale and "UTF-8" in locale else ["ascii"]
        self.vt = subprocess.Popen(
            [talker(), judge_as or term, str(width), str(height), *kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.master, self.slave = pty.openpty()
        self._set_size()
        self.as_before = termios.tcgetattr(self.slave)
        inherited = {name: value for name, value in os.environ.items()
                     if name not in ("LC_ALL", "LANG", "LC_CTYPE", "TERM", "COLORTERM")}
        self.error = lab.path(lab.unique("strict.err"))
        with open(self.error, "wb") as error:
            self.process = subprocess.Popen(
                command, stdin=self.slave, stdout=self.slave, stderr=error,
                env={**inherited, **({"TERM": term} if term is not None else {}),
                     **({"LC_ALL": locale} if locale else {}), **environment},
                preexec_fn=self._take_terminal)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        lab.closers.append(self.close)

    @staticmethod
    def _take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _set_size(self):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", self.height, self.width, 0, 0))

    def _tell(self, command, data=b""):
        self.vt.stdin.write(command.encode() + b"\n" + data)
        self.vt.stdin.flush()

    def _take(self):
        data = os.read(self.master, 65536)
        self.bytes_read += len(data)
        self._count_clears(data)
        self._tell(f"feed {len(data)}", data)

    def _count_clears(self, data):
        """One may come in two parts."""
        data, end = self.unsearched + data, 0
        for clear in CLEAR.finditer(data):
            self.clears += 1
            end = clear.end()
        self.unsearched = data[max(end, len(data) - CLEAR_MOST + 1):]

    def _read(self):
        while not self.closed:
            if not self.reading.wait(0.1):
                continue
            try:
                if not select.select([self.master], [], [], 0.1)[0]:
                    continue
                with self.lock:
                    self._take()
            except (OSError, ValueError):
                return

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.closed = True
        self.reader.join(5)
        self.vt.stdin.close()
        self.vt.wait()
        self.vt.stdout.close()
        for descriptor in (self.master, self.slave):
            if descriptor is not None:
                os.close(descriptor)

    # ---- what a person does

    def press(self, *keys):
        """Escape is a key of its own: what follows is not there before that is known."""
        begun = ""
        for key in keys:
            begun += KEYS.get(key, key)
            if key == "Escape":
                self.send(begun.encode())
                self.wait_taken(self.silence_s)
                begun = ""
        self.send(begun.encode())

    def send(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def _wait_asleep(self):
        """What has come to it, keys and times, is done."""
        pid = self.process.pid

        def look():
            try:
                with open(f"/proc/{pid}/task/{pid}/stat", encoding="ascii") as file:
                    return file.read().rsplit(")", 1)[1].split()[0] in "SZ"
            except OSError:
                return True
        wait_until(look, "the program to sleep")

    def wait_taken(self, silence_s=0.0):
        """Until the program has read all that was sent, and has done it; then so long a silence,
        and until what is due by that is done."""
        wait_until(lambda: self.process.poll() is not None or
                   not select.select([self.slave], [], [], 0)[0], "the keys to be read")
        self._wait_asleep()
        if silence_s:
            time.sleep(silence_s)
            self._wait_asleep()

    def stop_reading(self):
        self.reading.clear()
        with self.lock:  # what was begun is done
            pass

    def read_again(self):
        self.reading.set()

    def resize(self, width, height, shown=True):
        """SHOWN: the terminal behind it has that size, too."""
        with self.lock:
            self.width, self.height = width, height
            while select.select([self.master], [], [], 0)[0]:
                self._take()
            if shown:
                self._tell(f"size {width} {height}")
            self._set_size()

    def redrawn(self):
        """Until a frame is there that was begun after now: what is on its way is not of a size
        of before. The first may be one that was under way."""
        for _ in range(2):
            seen = self.clears
            self.press("C-l")
            wait_until(lambda before=seen: self.clears > before, "a whole frame")

    def hang_up(self):
        """The terminal is gone, as when ssh dies."""
        self.closed = True
        self.reader.join(5)
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = None

    # ---- what a person sees

    def look(self):
        """(problem, misplaced, modes, rows)"""
        with self.lock:
            self._tell("show")
            def answer():
                return self.vt.stdout.readline().decode()[:-1]
            problem, misplaced, modes = answer(), answer(), answer()
            return problem, misplaced, modes, [answer() for _ in range(int(answer()))]

    def settle(self):
        with self.lock:
            self._tell("settle")

    def copied(self, *keys):
        """What the program puts on the clipboard when these are pressed."""
        with self.lock:
            self._tell("copy")
        self.press(*keys)

        def once():
            with self.lock:
                self._tell("copied")
                return self.vt.stdout.readline().decode()[:-1]
        return base64.b64decode(wait_until(once, f"something copied by {keys}")).decode()

    def lines(self):
        return self.look()[3]

    def wait(self, condition, what, timeout_s=PATIENCE_S):
        seen = []

        def once():
            seen[:] = self.lines()
            return condition(seen)
        try:
            return wait_until(once, what, timeout_s)
        except Failed:
            rows = "\n".join(f"|{line}|" for line in seen)
            raise Failed(f"waited in vain for {what}; {self.look()[:3]}; {self.errors()}\n"
                         f"{rows}") from None

    def wait_for(self, pattern, timeout_s=PATIENCE_S):
        return self.wait(lambda lines: next((x for x in lines if re.search(pattern, x)), None),
                         f"/{pattern}/", timeout_s)

    def wait_quiet(self, for_s=0.5, timeout_s=10):
        """Until it has written nothing for a while, which a busy list never does."""
        end = time.monotonic() + timeout_s
        seen, since = self.bytes_read, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < for_s:
            time.sleep(0.02)
            if self.bytes_read != seen:
                seen, since = self.bytes_read, time.monotonic()

    def check_harmless(self):
        problem, misplaced, _, _ = self.look()
        check(problem == "", f"on the terminal: {problem}")
        check(misplaced == "", f"on the terminal: {misplaced}")

    # ---- the end

    def errors(self):
        with open(self.error, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def ends(self, status=0, timeout_s=5.0):
        """It must end by itself within that; gives the seconds it took, without those that the
        machine did."""
        began = time.monotonic()
        with Witness(self.lab) as witness:
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                raise Failed("it does not end") from None
            took_s = time.monotonic() - began - witness.lost_s()
            status = 1 if status == 0 and witness.explains(self.process.returncode) else status
        check(took_s < timeout_s, f"it took {took_s:.1f} s to end, {timeout_s} s at most")
        check_equal(self.process.returncode, status, f"exit status ({self.errors()})")
        return took_s

    def end(self, number=signal.SIGTERM, status=0, timeout_s=5.0):
        self.process.send_signal(number)
        return self.ends(status, timeout_s)

    def check_as_before(self):
        """The terminal's modes are as they were before the program."""
        check_equal(termios.tcgetattr(self.slave), self.as_before, "the terminal's settings")
        wait_until(lambda: self.look()[2] == "", f"modes put back: {self.look()[2]}")
