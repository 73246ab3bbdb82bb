"""The configuration file on a real terminal: what it sets shows, and F2 reads it again, also
when an editor has put another file in its place, inside the sandbox."""

import os

from bttui import bttui_path
from lab import check, run
from terminal import Terminal


def reading_it_again(lab):
    home = lab.new_dir("home")
    config = os.path.join(home, ".config", "bttui")
    os.makedirs(config)
    path = os.path.join(config, "bttui.conf")

    def write(text):
        with open(path + "~", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + "~", path)

    write(f"max-down = 1M\nascii = yes\ndownload-dir = {lab.new_dir('target')}\n"
          f"state-dir = {lab.new_dir('state')}\n")
    with open(path, encoding="utf-8") as file:
        start = file.read()
    terminal = Terminal(lab, 130, 30, HOME=home, XDG_CONFIG_HOME="")
    terminal.run(bttui_path(), "--no-dht", "--no-lsd", "--no-portmap")
    header = terminal.wait_for(r"/ 1\.0 MiB/s")
    check(header.isascii(), f"not plain: {header}")
    write(start.replace("1M", "2M").replace("yes", "no") + "port = 6881\n")
    terminal.press("F2")
    terminal.wait_for("settings that hold from now on: max-down = 2M, ascii = no; "
                      "after a restart: port = 6881")
    terminal.wait_for(r"↓.*/ 2\.0 MiB/s")
    write(start + "colour = never\n")
    terminal.press("F2")
    terminal.wait_for(r"bttui\.conf:5: there is no key “colour”; did you mean “color”\?")
    terminal.wait_for(r"/ 2\.0 MiB/s")
    write(start.replace("1M", "3M") + "color = never\n")
    terminal.press("F2")
    terminal.wait_for("max-down = 3M, ascii = yes, color = never")
    terminal.wait_for(r"/ 3\.0 MiB/s")
    terminal.press("Q")
    terminal.wait_shell()
    terminal.check_as_before()


run(reading_it_again)
