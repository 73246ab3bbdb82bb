"""What keeps a session in order, in the real program and its sandbox: directories that are
watched."""

import os
import shutil

from bttui import Bttui
from lab import check, check_equal, run, wait_until
from payload import Payload


def small(lab, name="payload", seed=7):
    payload = Payload(lab.new_dir("seed"), name, [300000, 5], seed=seed)
    return payload, payload.torrent(lab.path(f"{name}.torrent"))


def files_that_appear_are_added(lab):
    """Those that were there, those that are moved in and those that are written there."""
    watched, elsewhere = lab.new_dir("watched"), lab.new_dir("elsewhere")
    one, two, three = (small(lab, name, seed) for seed, name in enumerate(("one", "two", "three")))
    shutil.copy(one[1], os.path.join(watched, "one.torrent"))
    bttui = Bttui(lab, None, lab.new_dir("target"), f"--watch={watched}:films")
    bttui.wait_event("added", name="one")
    shutil.copy(two[1], os.path.join(watched, "two.torrent"))
    bttui.wait_event("added", name="two")
    shutil.copy(three[1], elsewhere)
    os.rename(os.path.join(elsewhere, "three.torrent"), os.path.join(watched, "three.torrent"))
    bttui.wait_event("added", name="three")
    with open(os.path.join(watched, "\x1b[31mpage.torrent"), "w", encoding="ascii") as page:
        page.write("<!DOCTYPE html>")
    wait_until(lambda: len(os.listdir(watched)) == 4 and
               all(not name.endswith(".torrent") for name in os.listdir(watched)),
               "all of them to be renamed")
    check_equal(sorted(os.listdir(watched)),
                ["\x1b[31mpage.torrent.invalid", "one.torrent.added", "three.torrent.added",
                 "two.torrent.added"], "what they are called")
    wait_until(lambda: "this is a web page" in bttui.text(bttui.log), "the reason to be told")
    check("\x1b" not in bttui.text(bttui.log), "control characters in the log")
    check(bttui.running(), "it ended")
    bttui.finish()


run(files_that_appear_are_added)
