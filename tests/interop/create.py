"""Torrents that bttui makes: libtorrent makes the same of the same files, others seed by
them, bttui seeds by them and verifies what was downloaded, and none is ever half made."""

import json
import os
import random
import signal
import subprocess

from bttui import Bttui, bttui_path
from clients import Transmission, libtorrent_python
from lab import Process, check, check_equal, program, run
from payload import Payload, many_paths, many_sizes

HERE = os.path.dirname(os.path.abspath(__file__))


def create(lab, path, torrent, *options, status=0):
    """Gives back the object it prints."""
    made = Process(lab, "create", [bttui_path(), "create", "--json", "-o", torrent, *options, path],
                   env={"LC_ALL": "C.UTF-8"})
    check_equal(made.wait(), status, "create: exit status")
    return json.loads(made.text(made.out)) if status == 0 else None


def verify(lab, directory, torrent, status):
    looked = Process(lab, "verify", [bttui_path(), "verify", "--json", "-d", directory, torrent])
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


def nothing_is_left_half_made(lab):
    payload = Payload(lab.new_dir("seed"), "payload", many_sizes(300, 30 << 20), many_paths(300))
    path, target = payload.file(payload.dir, ""), lab.new_dir("target")
    whole = lab.path("whole.torrent")
    create(lab, path, whole)
    with open(whole, "rb") as file:
        wanted = file.read()
    source, statuses = random.Random(5), []
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 6:
        torrent = os.path.join(target, "x.torrent")
        made = Process(lab, "create", [bttui_path(), "create", "-o", torrent, path])
        try:
            made.process.wait(source.random() * 0.15)
        except subprocess.TimeoutExpired:
            made.kill(number)
        statuses.append(made.wait(10))
        left = os.listdir(target)
        check_equal(left, ["x.torrent"] if statuses[-1] == 0 else [], "what is left")
        if left:
            with open(torrent, "rb") as file:
                check(file.read() == wanted, "a torrent that is not whole")
            os.remove(torrent)
    print(f"        exit statuses {statuses}")


run(libtorrent_makes_the_same, everything_told_is_read, transmission_seeds_by_it,
    transmission_shows_it, what_is_seeded_by_it_comes_back, nothing_is_left_half_made)
