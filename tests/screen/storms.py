"""Too much of everything: sizes that change a thousand times a second or are absurd, keys by
the ten thousand, endless pastes, sequences that never end, and what a terminal answers to
questions that nobody asked. (C1-C3, C16, C19)"""

import os
import random
import signal
import termios
import time

from lab import check, check_equal, run, wait_until
from bttui import bttui_path
from payload import Payload
from strict import Strict

CAP = 1000


def start(lab, width=80, height=24, torrents=1, speed=38400):
    paths = []
    for i in range(torrents):
        payload = Payload(lab.new_dir("seed"), f"payload-{i}", [1 << 16], seed=i)
        paths.append(payload.torrent(lab.path(lab.unique("payload.torrent"))))
    terminal = Strict(lab, [
        "sh", "-c", f'stty {speed}; exec "$@"', "sh", bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
        f"--download-dir={lab.new_dir('target')}", f"--state-dir={lab.new_dir('state')}",
        *paths], width, height)
    terminal.wait_for("payload-0")
    return terminal


def memory_bytes(terminal):
    with open(f"/proc/{terminal.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_alive(terminal):
    """It answers a key: help opens and closes."""
    terminal.press("Escape", "?")
    terminal.wait_for("Keys")
    terminal.press("Escape")
    terminal.wait(lambda rows: not any("any other key closes" in row for row in rows), "no help")
    check_equal(terminal.process.poll(), None, "what it ended with")


def ends_well(terminal):
    terminal.redrawn()
    terminal.settle()
    terminal.redrawn()
    terminal.wait_quiet(0.3, 3)
    terminal.check_harmless()
    terminal.end()
    terminal.check_as_before()


def sizes_by_the_thousand(lab):
    """C1: at most 30 frames a second, and the last one is right."""
    terminal, source = start(lab), random.Random(1)
    began, clears = time.monotonic(), terminal.clears
    while time.monotonic() - began < 2:
        terminal.resize(source.randrange(1, 200), source.randrange(1, 60), shown=False)
        time.sleep(0.001)
    terminal.resize(100, 30)
    took = time.monotonic() - began
    terminal.wait_for("payload-0 .*B/s|payload-0 .*%")
    check(terminal.clears - clears <= 31 * took + 2, f"{terminal.clears - clears} in {took:.1f} s")
    fresh = start(lab, 100, 30)

    def rows(of):
        return [row for row in of.lines() if "payload" in row]
    # What they are at changes yet.
    wait_until(lambda: rows(terminal) == rows(fresh) != [], "the rows of one that had this size always")
    terminal.redrawn()
    wait_until(lambda: rows(terminal) == rows(fresh), "the same rows drawn anew")
    ends_well(terminal)


def absurd_sizes(lab):
    """C2: a frame that fits, or a part of it; never more than 1000 rows or columns."""
    terminal = start(lab)
    for width, height in ((1, 1), (2, 1), (1, 500), (500, 1), (19, 4), (1000, 1000),
                          (65535, 65535), (1, 65535), (65535, 1), (0, 0)):
        known = width > 0 and height > 0
        with terminal.lock:
            terminal._tell(f"size {min(width, CAP) if known else 80} "
                           f"{min(height, CAP) if known else 24}")
        terminal.resize(width, height, shown=False)
        terminal.redrawn()
        terminal.settle()
        terminal.redrawn()
        terminal.wait_quiet(0.15, 1)
        terminal.check_harmless()
    terminal.resize(80, 24)
    terminal.wait_for("payload-0")
    ends_well(terminal)


def sizes_while_something_is_open(lab):
    """C3: the row, the dialog, and what was typed stay."""
    terminal = start(lab, torrents=12)
    terminal.press("G")
    terminal.wait_for("payload-11")
    for width, height in ((80, 10), (30, 8), (20, 5), (120, 40)):
        terminal.resize(width, height)
        terminal.wait_for("payload-11")  # the row that the cursor is on
    for keys, shows in (("/pay", "pay"), ("d", r"\[?y"), ("?", "Keys|keys"), ("s", "."), ("a/tm", "/tm")):
        terminal.press(*keys)
        for width, height in ((40, 10), (10, 3), (2, 2), (200, 60)):
            terminal.resize(width, height)
            terminal.wait_quiet(0.1, 0.5)
        terminal.wait_for(shows)
        terminal.press("Escape", "Escape")
        terminal.wait_quiet(0.1, 1)
    ends_well(terminal)


def come_on_time(terminal, parts, pause_s):
    """Sends PARTS with a pause between; whether none came so late that it is silence. What the
    machine held up is another thing than what was to be sent."""
    on_time = True
    for part in parts:
        began = time.monotonic()
        time.sleep(pause_s)
        terminal.press(part)
        on_time = on_time and (part == parts[0] or time.monotonic() - began < 3 * pause_s)
    return on_time


def answers_that_nobody_asked_for(lab):
    """C16: what a terminal sends is no key, in one part or in many."""
    answers = ("\x1b[?62;1;6;22c", "\x1b[?1;2c", "\x1b[>41;354;0c", "\x1b[24;80R", "\x1b[0n", "\x1b[8;24;80t",
               "\x1b]11;rgb:0000/0000/0000\x07", "\x1b]52;c;UVFR\x1b\\", "\x1bP1$r0mQ\x1b\\",
               "\x1bP>|XTerm(Q)\x1b\\", "\x1b_GQQQ\x1b\\", "\x1b]lQQQ\x1b\\",
               "\x1b[I", "\x1b[O", "\x1b[?997;1n", "\x1b[M !!")
    in_parts = [[answer[:2], *answer[2:]] for answer in
                ("\x1b]11;rgb:00QQ/00QQ/00QQ\x07", "\x1bP1$rQQ\x1b\\", "\x1b[?62;1;6;22c")]
    in_parts.append(["\x1b[?62;", "22c"])
    while True:
        terminal = start(lab)
        for answer in answers:
            terminal.press(answer)
        # The pause is more than a lone Escape is given.
        if all([come_on_time(terminal, parts, 0.04) for parts in in_parts]):
            break
    terminal.wait_quiet(0.2, 1)
    check(not any("?" in row and "[y" in row for row in terminal.lines()), "a question is open")
    is_alive(terminal)
    ends_well(terminal)


def keys_by_the_ten_thousand(lab):
    """C19: they are taken as they come, and frames are no more for them."""
    terminal = start(lab, torrents=3)
    terminal.press("Enter")
    terminal.wait_quiet()
    read = terminal.bytes_read
    began = time.monotonic()
    for _ in range(50):
        terminal.send(b"jk" * 200)
        time.sleep(0.02)
    is_alive(terminal)
    took = time.monotonic() - began
    check(terminal.bytes_read - read < 30000 * (took + 2), "a flood of frames")
    ends_well(terminal)


def a_paste_of_ten_megabytes(lab):
    """C19: what is pasted is text, a bounded amount of it, and no key."""
    terminal = start(lab)
    memory = memory_bytes(terminal)
    chunk = b"Q\x1b[31mQy\r\nD" * 1000
    terminal.send(b"\x1b[200~")
    for _ in range((10 << 20) // len(chunk)):
        terminal.send(chunk)
    terminal.send(b"\x1b[201~")
    terminal.wait_quiet()
    terminal.press("Escape", "Escape")
    is_alive(terminal)
    grown = memory_bytes(terminal) - memory
    check(grown < 4 << 20, f"{grown >> 10} KiB for a paste")
    terminal.press("a")
    terminal.send(b"\x1b[200~" + b"x" * 100000 + b"\x1b[201~")
    terminal.wait_for("xxx")
    terminal.press("Escape")
    is_alive(terminal)
    ends_well(terminal)


BEGUN = ("\x1b[", "\x1b[999999999m", "\x1b[1;", "\x1b]", "\x1bP", "\x1b", "\xe6",
         "\x1b[" + "9" * 100000, "\x1b[M", "\x1b\x1b\x1b", "\x1b[[", "\x1b[<0;1",
         "\x1b[<99999999999;1;1M")


def sequences_without_an_end(lab):
    """C19: silence ends them, and the keys after it are keys again."""
    terminals = [start(lab) for _ in BEGUN]
    for terminal, begun in zip(terminals, BEGUN):
        terminal.send(begun.encode("latin-1"))
    for terminal in terminals:
        terminal.wait_taken(0.7)
        is_alive(terminal)
        terminal.end(signal.SIGTERM)
        terminal.check_as_before()


def on_the_slowest_line(lab):
    """C21: at 300 baud the bytes of one key come 33 ms apart."""
    terminal = start(lab, torrents=3, speed=300)
    terminal.as_before[4:6] = [termios.B300, termios.B300]
    terminal.as_before[2] = terminal.as_before[2] & ~0o17 | termios.B300
    terminal.silence_s = 0.3
    while not come_on_time(terminal, "\x1b[F", 0.04):  # End
        terminal.press("Escape")
    terminal.press("d")
    terminal.wait_for("payload-2.*\\[y|[Rr]emove .*payload-2")
    terminal.press("Escape")
    ends_well(terminal)


run(sizes_by_the_thousand, absurd_sizes, sizes_while_something_is_open,
    answers_that_nobody_asked_for, keys_by_the_ten_thousand, a_paste_of_ten_megabytes,
    sequences_without_an_end, on_the_slowest_line)
