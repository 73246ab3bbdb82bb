"""The interface inside the sandbox: torrent files are added from a person's folders, others
are refused with words that help, and the Info view tells what it is confined to."""

import os
import shutil

from bttui import bttui_path
from lab import check, run
from payload import Payload
from terminal import Terminal


def adding_by_path(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 18])
    home = lab.new_dir("home")
    for name in ("Downloads", ".hidden"):
        os.mkdir(os.path.join(home, name))
    # The lab lies in /tmp, where torrent files may be, too: another place for the test.
    fine = payload.torrent(os.path.join(home, "Downloads", "fine.torrent"))
    elsewhere = f"/var/tmp/bttui-confined-{os.getpid()}.torrent"
    shutil.copy(fine, elsewhere)
    lab.closers.append(lambda: os.path.exists(elsewhere) and os.remove(elsewhere))
    terminal = Terminal(lab, 100, 40, HOME=home, LC_ALL="C.UTF-8")
    terminal.run(bttui_path(), "-p", "0", "-d", lab.new_dir("target"), "-s",
                 lab.new_dir("state"))
    terminal.wait_for("^ bttui")
    terminal.press("a")
    terminal.wait_for("Torrent:")
    terminal.type(elsewhere)
    terminal.press("Enter")
    # Without Landlock every file can be read.
    line = terminal.wait_for("it cannot be read here: in the sandbox| payload ")
    if " payload " not in line:
        terminal.press("C-u")
        terminal.type("~/Downloads/fi")
        terminal.press("Tab")
        terminal.wait_for("~/Downloads/fine.torrent")
        terminal.press("Enter")
        terminal.wait_for(" payload ")
    terminal.press("Enter", "6")
    terminal.wait_for("Info-hash")
    terminal.press("G")
    told = terminal.wait_for("Sandbox")
    check("files" in told or "partial" in told or "none" in told, f"Info tells: {told}")
    terminal.press("Q")
    terminal.wait_shell()
    terminal.check_as_before()


run(adding_by_path)
