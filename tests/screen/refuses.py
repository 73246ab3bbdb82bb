"""Where there is no usable terminal the interface says so, ends with 2 and draws nothing."""

from bttui import bttui_path
from lab import run
from payload import Payload
from terminal import Terminal


def refuses(lab, term, words, suffix=""):
    terminal = Terminal(lab, 80, 24)
    torrent = Payload(lab.new_dir("seed"), "payload", [1 << 18]).torrent(lab.path("a.torrent"))
    terminal.type(
        f"clear; {{ TERM={term} {bttui_path()} --no-dht --no-lsd --no-portmap -p 0 "
        f"-d {lab.new_dir('target')} -s {lab.new_dir('state')} {torrent}; "
        f"echo status $?; }} {suffix}")
    terminal.press("Enter")
    terminal.wait_for("^status 2$")
    terminal.wait_shell()
    terminal.wait_for(words)
    terminal.check_as_before()


def a_dumb_terminal(lab):
    refuses(lab, "dumb", "^bttui: .*terminal")


def an_unknown_terminal(lab):
    refuses(lab, "no-such-terminal", "^bttui: .*terminal")


def output_that_is_no_terminal(lab):
    refuses(lab, "screen", "^bttui: .*--headless", "| cat")


run(a_dumb_terminal, an_unknown_terminal, output_that_is_no_terminal)
