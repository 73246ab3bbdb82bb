"""A terminal that nobody reads, or that the user has stopped, costs only its own frames: the
download goes on, signals end the program, and reading again shows a fresh frame. (C10)"""

import fcntl
import re
import signal
import struct
import termios

from bttui import bttui_path
from lab import check, check_equal, run, wait_until
from payload import Payload
from strict import Strict
from wire_peer import WirePeer

SLOWLY, FAST = 256 << 10, 8 << 20  # bytes a second: most is to come when all is seen
BLOCK = 1 << 14
QUEUE_LIMIT = 1 << 18  # what the system may keep for a terminal, and two frames


def start(lab, mib):
    payload = Payload(lab.new_dir("seed"), "payload", [mib << 20])
    torrent = payload.torrent(lab.path("payload.torrent"))
    peer = WirePeer(lab, payload, rate=SLOWLY)
    target = lab.new_dir("target")
    terminal = Strict(lab, [
        bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
        f"--download-dir={target}", f"--state-dir={lab.new_dir('state')}",
        f"--peer={peer.address}", torrent], width=120, height=40)
    terminal.wait_for("payload .*iB/s")
    return terminal, payload, peer, target


def unread_bytes(terminal):
    return struct.unpack("i", fcntl.ioctl(terminal.master, termios.FIONREAD, bytes(4)))[0]


def fill(terminal):
    """Until it takes nothing more: whole frames are asked for, and none comes."""
    def is_full():
        before = unread_bytes(terminal)
        terminal.press("C-l")
        terminal.wait_taken(0.15)  # more than a frame's time
        return unread_bytes(terminal) == before
    wait_until(is_full, "the terminal's buffer to be full")


def goes_on(terminal, peer, blocks):
    begun = len(peer.sent)
    wait_until(lambda: len(peer.sent) >= begun + blocks, f"{blocks} more blocks to be sent")
    check(terminal.process.poll() is None, "it has ended")


def at_a_signal(lab, number):
    terminal, _, peer, _ = start(lab, 64)
    terminal.stop_reading()
    fill(terminal)
    goes_on(terminal, peer, 64)
    terminal.end(number)


def sigterm_ends_it(lab):
    at_a_signal(lab, signal.SIGTERM)


def sigint_ends_it(lab):
    at_a_signal(lab, signal.SIGINT)


def sighup_ends_it(lab):
    at_a_signal(lab, signal.SIGHUP)


def a_second_signal_ends_it_at_once(lab):
    terminal, _, _, _ = start(lab, 64)
    terminal.stop_reading()
    fill(terminal)
    terminal.process.send_signal(signal.SIGTERM)
    took = terminal.end(signal.SIGTERM)
    check(took < 1, f"it took {took:.1f} s")


def stopped_by_the_user(lab):
    """^S, and the end comes while it is stopped: the terminal is put back all the same."""
    terminal, _, peer, _ = start(lab, 64)
    terminal.press("\x13")
    terminal.wait_quiet()
    goes_on(terminal, peer, 64)
    terminal.end(signal.SIGTERM)
    terminal.check_as_before()
    terminal.check_harmless()


def a_stopped_one_goes_on(lab):
    """^S, ^Q: what was held back are not the frames between, but the newest."""
    terminal, payload, peer, target = start(lab, 8)
    terminal.press("\x13")
    terminal.wait_quiet()
    peer.rate = FAST
    wait_until(lambda: len(peer.sent) >= payload.total_bytes // BLOCK, "the download")
    terminal.press("\x11")
    terminal.wait_for("payload .*100%")
    check_equal(payload.differences(target), [], "files that differ")
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()


def without_rates(terminal):
    return [re.sub(" *[0-9.]+ .?i?B/s *", "", row) for row in terminal.lines() if "payload" in row]


def reading_again_shows_a_fresh_frame(lab):
    terminal, payload, peer, target = start(lab, 8)
    terminal.stop_reading()
    fill(terminal)
    goes_on(terminal, peer, 64)
    peer.rate = FAST
    wait_until(lambda: len(peer.sent) >= payload.total_bytes // BLOCK, "the download")
    read_before = terminal.bytes_read
    terminal.read_again()
    terminal.wait_for("payload .*100%")
    terminal.wait_quiet()
    flood = terminal.bytes_read - read_before
    check(flood < QUEUE_LIMIT, f"{flood} bytes of old frames")
    shown = without_rates(terminal)
    terminal.press("C-l")
    terminal.wait_quiet()
    check_equal(without_rates(terminal), shown, "the rows after drawing anew")
    check_equal(payload.differences(target), [], "files that differ")
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()


run(sigterm_ends_it, sigint_ends_it, sighup_ends_it, a_second_signal_ends_it_at_once,
    stopped_by_the_user, a_stopped_one_goes_on, reading_again_shows_a_fresh_frame)
