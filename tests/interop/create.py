"""Torrents that bttui makes: libtorrent makes the same of the same files, others seed by
them, bttui seeds by them and verifies what was downloaded, and none is ever half made."""

import glob
import json
import os
import pty
import random
import select
import signal
import subprocess
import time

from bttui import Bttui, bttui_path
from clients import Transmission, libtorrent_python
from lab import (PATIENCE_S, Failed, Process, Skip, Slowness, check, check_equal, program, run,
                 wait_until)
from payload import Payload, many_paths, many_sizes

HERE = os.path.dirname(os.path.abspath(__file__))


def create(lab, path, torrent, *options):
    """Gives back the object it prints."""
    made = Process(lab, "create", [bttui_path(), "create", "--json", "-o", torrent, *options, path],
                   env={"LC_ALL": "C.UTF-8"})
    check_equal(made.wait(), 0, "create: exit status")
    return json.loads(made.text(made.out))


def with_faults(lab, fault, *arguments, short=0, stderr=None, until=None):
    """A bttui whose system calls do as FAULT says. UNTIL: a file that ends a stall."""
    path = os.environ.get("BTTUI_FAULTS")
    if not path or not os.access(path, os.X_OK):
        raise Skip("BTTUI_FAULTS names no program with faults")
    return Process(lab, "faults", [os.path.abspath(path), *arguments], env={
        "LC_ALL": "C.UTF-8", "BTTUI_FAULT": fault, "BTTUI_FAULT_UNTIL": until,
        "BTTUI_FAULT_SHORT": str(short) if short else None},
        before=(lambda: os.dup2(stderr, 2)) if stderr is not None else None)


def five_files(lab):
    """A payload, and the torrent that is made of it."""
    payload = Payload(lab.new_dir("seed"), "payload", [300000, 0, 70000, 5, 200000])
    torrent = lab.path(lab.unique("whole.torrent"))
    create(lab, payload.file(payload.dir, ""), torrent)
    with open(torrent, "rb") as file:
        return payload, torrent, file.read()


def verify(lab, directory, torrent, status, *options):
    looked = Process(lab, "verify", [bttui_path(), "verify", "--json", "-d", directory, *options,
                                     torrent])
    check_equal(looked.wait(), status, "verify: exit status")
    return json.loads(looked.text(looked.out))


def by_libtorrent(torrent, directory):
    done = subprocess.run(
        [libtorrent_python(), "-B", os.path.join(HERE, "lib", "libtorrent_create.py"), torrent,
         directory], capture_output=True, check=False)
    check_equal(done.returncode, 0, f"libtorrent: {done.stderr.decode()}")
    return json.loads(done.stdout)


def libtorrent_makes_the_same(lab):
    single = Payload(lab.new_dir("single"), "one file", [3000001])
    many = Payload(lab.new_dir("many"), "множество", many_sizes(200, 20 << 20), many_paths(200))
    few = Payload(lab.new_dir("few"), "few", [1, 0, 1 << 20, 16384, 16383])
    for payload in (single, many, few):
        for size in ("16K", "1M"):
            torrent = lab.path(f"{size}.torrent")
            made = create(lab, payload.file(payload.dir, ""), torrent, "--force",
                          f"--piece-size={size}")
            theirs = by_libtorrent(torrent, payload.dir)
            check(theirs["version 1 alone"], "more than v1 in it")
            check_equal(theirs["read"], made["infohash"], "info-hash as libtorrent reads it")
            check_equal(theirs["made"], made["infohash"], "info-hash as libtorrent makes it")


def everything_told_is_read(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [100000, 5])
    torrent = lab.path("full.torrent")
    made = create(lab, payload.file(payload.dir, ""), torrent, "--private", "--source=x",
                  "--comment=что-то", "--tracker=http://a.example/announce,udp://b.example:80",
                  "--tracker=https://c.example/", "--webseed=http://w.example/1/",
                  "--webseed=https://w.example/2/")
    theirs = by_libtorrent(torrent, payload.dir)
    check_equal(theirs["read"], made["infohash"], "info-hash")
    check(theirs["private"], "libtorrent does not see that it is private")
    check_equal(theirs["comment"], "что-то", "comment")
    check_equal(sorted(theirs["trackers"]),  # it shuffles those of a tier
                [["http://a.example/announce", 0], ["https://c.example/", 1],
                 ["udp://b.example:80", 0]], "trackers")
    check_equal(sorted(theirs["webseeds"]), ["http://w.example/1/", "https://w.example/2/"],
                "web seeds")


def transmission_seeds_by_it(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [5 << 20, 0, 3 << 20, 1, 70001])
    torrent = lab.path("payload.torrent")
    create(lab, payload.file(payload.dir, ""), torrent, "--comment=c", "--source=s")
    Transmission(lab, torrent, payload.dir, seed=True)


def transmission_shows_it(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [100000, 5])
    torrent = lab.path("payload.torrent")
    made = create(lab, payload.file(payload.dir, ""), torrent, "--tracker=http://a.example/")
    done = subprocess.run([program("transmission-show"), torrent], capture_output=True, check=False)
    check_equal(done.returncode, 0, "transmission-show: exit status")
    check(made["infohash"] in done.stdout.decode(), "transmission-show: another info-hash")


def what_is_seeded_by_it_comes_back(lab):
    payload = Payload(lab.new_dir("seed"), "payload", many_sizes(50, 8 << 20), many_paths(50))
    torrent, target = lab.path("payload.torrent"), lab.new_dir("target")
    create(lab, payload.file(payload.dir, ""), torrent)
    check_equal(verify(lab, target, torrent, 1)["have"], 0, "pieces before the download")
    seeder = Bttui(lab, torrent, payload.dir).seeding()
    Bttui(lab, torrent, target, "--peer", f"127.0.0.1:{seeder.port()}",
          "--exit-when-done").wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    check(verify(lab, target, torrent, 0)["ok"], "verify does not say that all is well")
    path = payload.file(target, payload.paths[5])
    with open(path, "r+b") as file:
        first = file.read(1)[0]
        file.seek(0)
        file.write(bytes([first ^ 1]))
    wrong = [file["path"] for file in verify(lab, target, torrent, 1)["files"]
             if file["state"] != "ok"]
    check(payload.paths[5] in wrong, f"verify blames {wrong}")


def in_shreds(lab, torrent, path, *options):
    """A create that takes its time, however fast the machine is."""
    return with_faults(lab, "", "create", *options, "-o", torrent, path, short=4096)


def nothing_is_left_half_made(lab):
    payload = Payload(lab.new_dir("seed"), "payload", many_sizes(300, 30 << 20), many_paths(300))
    path, target = payload.file(payload.dir, ""), lab.new_dir("target")
    whole, lives_s = lab.path("whole.torrent"), []
    for _ in range(3):
        began = time.monotonic()
        check_equal(in_shreds(lab, whole, path, "--force").wait(), 0, "exit status")
        lives_s.append(time.monotonic() - began)
    life_s = min(lives_s)
    with open(whole, "rb") as file:
        wanted = file.read()
    source, statuses = random.Random(5), []
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 6:
        torrent = os.path.join(target, "x.torrent")
        made = in_shreds(lab, torrent, path)
        made.wait_heedful()
        try:
            made.process.wait(source.random() * life_s)
        except subprocess.TimeoutExpired:
            made.kill(number)
        statuses.append(made.wait())
        left = os.listdir(target)
        check_equal(left, ["x.torrent"] if statuses[-1] == 0 else [], "what is left")
        if left:
            with open(torrent, "rb") as file:
                check(file.read() == wanted, "a torrent that is not whole")
            os.remove(torrent)
    print(f"        within {life_s:.2f} s each, exit statuses {statuses}")
    check(any(statuses), "none was stopped before it had ended")


FAILURES = (  # a fault, what is said, whether the file is to be replaced
    ("pread@file-2:1:1:5", "file-2: Input/output error", False),
    ("openat@file-4:1:0:13", "file-4: Permission denied", False),
    ("pthread_create:1:1:11", "no thread left", False),
    ("openat@.new:1:1:30", "x.torrent: Read-only file system", False),
    ("write@.new:1:1:28", "x.torrent: No space left on device", False),
    ("fsync@.new:1:1:5", "x.torrent: Input/output error", False),
    ("close@.new:1:1:122", "x.torrent: Disk quota exceeded", False),
    ("renameat:1:1:5", "x.torrent: Input/output error", True))


def what_fails_is_told_and_leaves_nothing(lab):
    payload, _, wanted = five_files(lab)
    path, target = payload.file(payload.dir, ""), lab.new_dir("target")
    torrent = os.path.join(target, "x.torrent")
    for fault, says, replaces in FAILURES:
        if replaces:
            with open(torrent, "wb") as file:
                file.write(b"old")
        failed = with_faults(lab, fault, "create", "-o", torrent,
                             *(["--force"] if replaces else []), path)
        check_equal(failed.wait(), 1, f"{fault}: exit status")
        said = failed.text(failed.log)
        check(says in said, f"{fault}: does not say {says!r}: {said!r}")
        check_equal(os.listdir(target), ["x.torrent"] if replaces else [], f"{fault}: files")
    with open(torrent, "rb") as file:
        check_equal(file.read(), b"old", "what was to be replaced")
    # pieces and writes in shreds, each second one interrupted
    check_equal(with_faults(lab, "", "create", "--force", "-o", torrent, path, short=997).wait(), 0,
                "exit status in shreds")
    with open(torrent, "rb") as file:
        check(file.read() == wanted, "another torrent in shreds")


def files_with_a_suffix_are_verified(lab):
    payload, torrent, _ = five_files(lab)
    names = [os.path.join(payload.dir, "payload", name)
             for name in os.listdir(os.path.join(payload.dir, "payload"))]
    long = sorted((name for name in names if os.path.getsize(name)), key=os.path.getsize)
    for name in long[1:]:
        os.rename(name, name + ".part")
    found = verify(lab, payload.dir, torrent, 1)
    check_equal(sum(file["state"] == "missing" for file in found["files"]), 3, "without the option")
    found = verify(lab, payload.dir, torrent, 0, "--incomplete-suffix=.part")
    check_equal(sum(file["unfinished"] for file in found["files"]), 3, "with the suffix")
    with open(long[-1] + ".part", "r+b") as file:
        file.write(b"x")
    looked = Process(lab, "verify", [bttui_path(), "verify", "-d", payload.dir,
                                     "--incomplete-suffix=.part", torrent],
                     env={"LC_ALL": "C.UTF-8"})
    check_equal(looked.wait(), 1, "one that is wrong: exit status")
    check(f"wrong: {os.path.basename(long[-1])}.part" in looked.text(looked.out),
          f"it is not named as it is: {looked.text(looked.out)}")


def killed_at_any_change_it_leaves_all_or_nothing(lab):
    payload, _, wanted = five_files(lab)
    path, target = payload.file(payload.dir, ""), lab.new_dir("target")
    torrent, before = os.path.join(target, "x.torrent"), None
    for number in range(1, 20):
        killed = with_faults(lab, f"change:{number}:1:kill", "create", "--force", "-o", torrent,
                             path)
        status = killed.wait()
        after = None
        if os.path.exists(torrent):
            with open(torrent, "rb") as file:
                after = file.read()
        check(after in (before, wanted), f"neither old nor new after {number} changes")
        if status == 0:
            check_equal(after, wanted, "the torrent")
            print(f"        {number - 1} changes")
            return
        check_equal(status, -signal.SIGKILL, "exit status")
    raise Failed("it does not come to an end")


def a_file_that_cannot_be_read_is_not_called_wrong(lab):
    payload, torrent, _ = five_files(lab)
    looked = with_faults(lab, "pread@file-2:1:0:5", "verify", "-d", payload.dir, torrent)
    check_equal(looked.wait(), 1, "verify: exit status")
    said = looked.text(looked.out)
    check("cannot be read: file-2: Input/output error" in said, f"verify says {said!r}")
    check("wrong" not in said, f"verify says {said!r}")


def seen_on_a_terminal(lab, payload):
    """What a create whose disk hangs shows on standard error, if that is a terminal."""
    ours, theirs = pty.openpty()
    shown = with_faults(lab, "pread:1:1:stall", "create", "-o", lab.path("shown.torrent"),
                        payload.file(payload.dir, ""), stderr=theirs, until=lab.path("never"))
    os.close(theirs)
    check(select.select([ours], [], [], PATIENCE_S)[0], "no progress on a terminal")
    said = os.read(ours, 1000)
    shown.kill()
    os.close(ours)
    return said


def reads_in(pid, directory):
    """Whether that process has a file below it open: it has looked at all of them then. A
    directory is open while it still looks."""
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            path = os.readlink(link)
        except FileNotFoundError:  # closed in between
            continue
        if path.startswith(directory + "/") and os.path.isfile(path):
            return True
    return False


def while_the_disk_hangs(lab):
    """Each has its first read held until the disk answers again."""
    trees = [five_files(lab) for _ in range(3)]
    said = seen_on_a_terminal(lab, trees[0][0])
    check(said.startswith(b"\r0.0%") and b"\x1b" not in said, f"on a terminal: {said!r}")
    target, answers = lab.new_dir("target"), lab.path("answers")
    made = [with_faults(lab, "pread:1:1:stall", "create", "-o",
                        os.path.join(target, f"{i}.torrent"), payload.file(payload.dir, ""),
                        until=answers)
            for i, (payload, _, _) in enumerate(trees)]
    for process, (payload, _, _) in zip(made, trees):
        wait_until(lambda pid=process.process.pid, top=payload.dir: reads_in(pid, top),
                   "it to read a file")
    os.remove(trees[1][0].file(trees[1][0].dir, "file-4"))
    os.truncate(trees[2][0].file(trees[2][0].dir, "file-2"), 69999)
    slowness, began = Slowness(made[0]), time.time()
    made[0].kill(signal.SIGINT)
    check_equal(made[0].wait(), 1, "exit status when it is interrupted")
    ended = time.time()
    check(ended - began - slowness.waited_s(began, ended) < 7, "it waits for the disk")
    with open(answers, "wb"):
        pass
    for process, says in ((made[1], "file-4: vanished while it was read"),
                          (made[2], "file-2: changed while it was read")):
        check_equal(process.wait(), 1, "exit status")
        check(says in process.text(process.log), f"does not say {says!r}")
    check_equal(os.listdir(target), [], "files")


run(what_fails_is_told_and_leaves_nothing, killed_at_any_change_it_leaves_all_or_nothing,
    a_file_that_cannot_be_read_is_not_called_wrong, while_the_disk_hangs,
    files_with_a_suffix_are_verified, libtorrent_makes_the_same, everything_told_is_read, transmission_seeds_by_it,
    transmission_shows_it, what_is_seeded_by_it_comes_back, nothing_is_left_half_made)
