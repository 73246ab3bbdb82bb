"""What keeps a session in order, in the real program and its sandbox: directories that are
watched, a command for what is complete."""

import os
import shutil
import signal

from bttui import Bttui
from lab import check, check_equal, run, wait_until
from payload import Payload
from wire_peer import WirePeer


def small(lab, name="payload", seed=7):
    payload = Payload(lab.new_dir("seed"), name, [300000, 5], seed=seed)
    return payload, payload.torrent(lab.path(f"{name}.torrent"))


def files_that_appear_are_added(lab):
    """Those that were there, those that are moved in and those that are written there."""
    watched, elsewhere = lab.new_dir("watched"), lab.new_dir("elsewhere")
    one, two, three = (small(lab, name, seed) for seed, name in enumerate(("one", "two", "three")))
    shutil.copyfile(one[1], os.path.join(watched, "one.torrent"))
    bttui = Bttui(lab, None, lab.new_dir("target"), f"--watch={watched}:films")
    bttui.wait_event("added", name="one")
    shutil.copyfile(two[1], os.path.join(watched, "two.torrent"))
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


# ---- a command for what is complete ----

HOSTILE = "a $(touch bad) `touch bad`; touch bad #\x1b[31m'\""


def a_command_is_run_for_each_that_is_complete(lab):
    """Under the sandbox, with a name that no shell may read; --exit-when-done waits for it."""
    payload, torrent = small(lab, HOSTILE)
    peer, target, cwd = WirePeer(lab, payload), lab.new_dir("target"), lab.new_dir("cwd")
    command = ('sleep 0.3; printf "%s\\n" "$BTTUI_NAME" "$BTTUI_HASH" "$BTTUI_PATH" '
               '"$BTTUI_LABEL" >out; ls "$BTTUI_PATH" >>out; echo said')
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done",
                  "--label=two words", "--on-complete", command, cwd=cwd)
    bttui.wait_done()
    check_equal(os.listdir(cwd), ["out"], "what it left")
    with open(os.path.join(cwd, "out"), encoding="utf-8", newline="\n") as out:
        lines = out.read().split("\n")
    check_equal(lines[1:2] + lines[3:4], [payload.infohash.hex(), "two words"], "hash and label")
    check("\x1b" not in lines[0] and "$(touch bad)" in lines[0], f"the name: {lines[0]!r}")
    check(lines[2].startswith(target + "/a $(touch bad)"), f"the path: {lines[2]!r}")
    check_equal(sorted(lines[4:-1]), sorted(os.listdir(lines[2])), "files where it says")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def a_command_ends_with_the_program(lab):
    payload, torrent = small(lab)
    peer, cwd = WirePeer(lab, payload), lab.new_dir("cwd")
    for number in (signal.SIGTERM, signal.SIGKILL):
        bttui = Bttui(lab, torrent, lab.new_dir("target"), "--peer", peer.address,
                      "--on-complete", "echo $$ >pid.new; mv pid.new pid; exec sleep 1000",
                      cwd=cwd)
        wait_until(lambda: os.path.exists(os.path.join(cwd, "pid")), "the command")
        with open(os.path.join(cwd, "pid"), encoding="ascii") as file:
            pid = int(file.read())
        check(alive(pid), "it has ended already")
        bttui.kill(number)
        bttui.wait()
        wait_until(lambda: not alive(pid), "the command to end")
        os.unlink(os.path.join(cwd, "pid"))


def a_label_has_a_directory(lab):
    """What is complete goes there, under the sandbox, and then the command is run."""
    payload, torrent = small(lab)
    peer, target, cwd = WirePeer(lab, payload), lab.new_dir("target"), lab.new_dir("cwd")
    films = lab.path("films of ours")
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done",
                  "--label=films", f"--label-rule=films dir={films}",
                  "--on-complete", 'echo "$BTTUI_PATH" >out', cwd=cwd)
    bttui.wait_done()
    check_equal(payload.differences(films), [], "files that differ")
    check_equal(os.listdir(target), [], "what is left")
    with open(os.path.join(cwd, "out"), encoding="utf-8") as out:
        check_equal(out.read(), f"{films}/payload\n", "where the command was sent")


run(files_that_appear_are_added, a_command_is_run_for_each_that_is_complete,
    a_command_ends_with_the_program, a_label_has_a_directory)
