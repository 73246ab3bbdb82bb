"""Files of a torrent that libtorrent seeds, chosen in the interface: what is wanted after all
is completed, and what is wanted no longer stays."""

import os

from bttui import bttui_path
from clients import Libtorrent
from lab import check_equal, run, wait_until
from payload import Payload
from terminal import Terminal

PATHS = ["a.bin", "b.txt", "sub/c.bin", "empty.txt", "f.bin"]
SIZES = [300001, 70, 90000, 0, 123456]


def files_in(directory):
    return {os.path.relpath(os.path.join(root, name), directory)
            for root, _, names in os.walk(directory) for name in names}


def choosing(lab):
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, paths=PATHS, piece_bytes=1 << 16)
    torrent = payload.torrent(lab.path("payload.torrent"))
    seed = Libtorrent(lab, torrent, payload.dir, seed=True)
    target = lab.new_dir("target")
    terminal = Terminal(lab, 100, 40)
    terminal.run(bttui_path(), "-p", "0", "-d", target, "-s", lab.new_dir("state"), "--peer",
                 f"127.0.0.1:{seed.port}", "--select=a.bin", torrent)
    terminal.wait_for("S payload .*100%")  # not what says that the check ends
    check_equal(files_in(target), {"payload/a.bin", f".{payload.infohash.hex()}.parts"},
                "files that are there")
    terminal.press("Enter", "3")
    terminal.wait_for("1 of 5 files wanted")
    terminal.press("*")
    wait_until(lambda: not payload.differences(target), "all files")
    terminal.wait_for("5 of 5 files wanted")
    terminal.press("0")
    terminal.wait_for("0 of 5 files wanted")
    terminal.press("Q")
    terminal.wait_shell()
    check_equal(files_in(target), {f"payload/{path}" for path in PATHS}, "files at the end")
    check_equal(payload.differences(target), [], "files that differ")


def moving(lab):
    """To a directory that was let in, and to one where something is in the way."""
    payload = Payload(lab.new_dir("seed"), "payload", SIZES, paths=PATHS, piece_bytes=1 << 16)
    torrent = payload.torrent(lab.path("payload.torrent"))
    places = lab.new_dir("places")
    os.makedirs(os.path.join(places, "taken", "payload"))
    terminal = Terminal(lab, 100, 40)
    terminal.run(bttui_path(), "-p", "0", "-d", payload.dir, "-s", lab.new_dir("state"),
                 f"--move-dir={places}", torrent)
    terminal.wait_for("S payload .*100%")
    for name in ("taken", "new/deep"):
        terminal.press("m")
        terminal.wait_for("Move the data to: ")
        terminal.press("C-u")
        terminal.type(os.path.join(places, name))
        terminal.press("Enter")
        if name == "taken":
            terminal.wait_for("was not moved")
    target = os.path.join(places, "new/deep")
    wait_until(lambda: not payload.differences(target) and
               not os.path.exists(os.path.join(payload.dir, "payload")), "the data moved")
    terminal.wait_for("complete; nobody is connected")
    terminal.press("Q")
    terminal.wait_shell()
    check_equal(files_in(target), {f"payload/{path}" for path in PATHS}, "files at the end")
    check_equal(os.listdir(os.path.join(places, "taken", "payload")), [], "what was in the way")


run(choosing, moving)
