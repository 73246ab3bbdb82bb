"""What y copies reaches the clipboard of the terminal: as one sequence that a strict one lets
in, and through tmux where that is allowed. Names that terminals obey are nothing but text in
it. (C16)"""

from bttui import bttui_path
from lab import check_equal, run, wait_until
from payload import Payload
from strict import Strict
from terminal import Terminal


def command(lab, name):
    payload = Payload(lab.new_dir("seed"), name, [1 << 16])
    return payload, [bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
                     f"--download-dir={lab.new_dir('target')}",
                     f"--state-dir={lab.new_dir('state')}",
                     payload.torrent(lab.path(lab.unique("payload.torrent")))]


def on_a_strict_terminal(lab):
    payload, words = command(lab, "a\x1b]52;c;ZXZpbA==\x07b")
    terminal = Strict(lab, words)
    terminal.wait_for("D a")
    copied = terminal.copied("y", "n")
    check_equal(copied.isprintable() and copied[0] + copied[-1], "ab", f"the name {copied!r}")
    terminal.wait_for("Copied, name: a")
    check_equal(terminal.copied("y", "h"), payload.infohash.hex(), "the info-hash")
    check_equal(terminal.copied("y", "m")[:60], "magnet:?xt=urn:btih:" + payload.infohash.hex(),
                "the magnet link")
    check_equal(terminal.copied(":", "copy-name", "Enter"), copied, "by the palette")
    terminal.check_harmless()
    terminal.press("Q")
    terminal.ends(timeout_s=10)
    terminal.check_harmless()
    terminal.check_as_before()


def through_tmux(lab):
    payload, words = command(lab, "Harbour")
    terminal = Terminal(lab, 80, 24, term="tmux-256color")
    terminal._tmux("set", "-s", "set-clipboard", "on")
    terminal.run(*words)
    terminal.wait_for("D Harbour")
    terminal.press("y", "h")
    terminal.wait_for("Copied, info-hash: " + payload.infohash.hex())
    wait_until(lambda: payload.infohash.hex() in terminal._tmux("list-buffers"),
               "the info-hash in a buffer of tmux")
    terminal.press("Q")
    terminal.wait_shell()
    terminal.check_as_before()


run(on_a_strict_terminal, through_tmux)
