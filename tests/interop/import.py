"""bttui takes over the sessions of other clients: every torrent, with its progress, and
without reading the data again."""

import hashlib
import json
import os
import shutil
import subprocess

import sessions
from bttui import Bttui, bttui_path
from clients import Libtorrent
from lab import check, check_equal, run, wait_until
from payload import Payload, bencode

RCHAR_MAX = 2 << 20  # what a start reads beside payload, which is several times as much


class Job:
    """A torrent in the other client's session: some of its pieces are there."""

    def __init__(self, lab, session, name, sizes, there=None, paused=False, unwanted=None):
        self.paused, self.unwanted = paused, unwanted
        self.payload = Payload(lab.new_dir(f"{session.kind}-{name}"), name, sizes,
                               seed=len(name))
        self.infohash = self.payload.infohash.hex()
        self.have = self.payload.piece_count
        if there is not None:
            path = self.payload.file(self.payload.dir, self.payload.paths[-1])
            os.truncate(path, there * self.payload.piece_bytes)
            os.rename(path, path + session.suffix)
            self.have = there
        self.torrent = self.payload.torrent(lab.path(f"{session.kind}-{name}.torrent"),
                                            "http://127.0.0.1:1/announce")

    def bytes(self):
        return min(self.have * self.payload.piece_bytes, self.payload.total_bytes)


def fill(lab, session):
    """Three torrents, as far as they are there."""
    jobs = [Job(lab, session, "whole", [2 << 20, 0, 1 << 20, 70001]),
            Job(lab, session, "half", [6 << 20], there=11),
            Job(lab, session, "asleep", [1 << 20, 300000], paused=True, unwanted=1)]
    for job in jobs:
        session.add(job.torrent, job.payload.dir)
    wanted = {job.infohash: job.bytes() for job in jobs}
    wait_until(lambda: session.have() == wanted, f"{session.name} to have {wanted}")
    for job in jobs:
        if job.unwanted is not None:
            session.leave_out(job.infohash, job.unwanted)
        if job.paused:
            session.pause(job.infohash)
    return jobs


GIVEN = 14  # pieces


def give_a_part(lab, session, payload, torrent):
    """A peer that has the first pieces alone, and calls."""
    directory = lab.new_dir("part")
    shutil.copytree(os.path.join(payload.dir, payload.name), os.path.join(directory, payload.name))
    os.truncate(payload.file(directory, payload.paths[1]),
                GIVEN * payload.piece_bytes - payload.sizes[0])
    return Libtorrent(lab, torrent, directory, peers=[("127.0.0.1", session.port)])


def fetch(lab, session):
    """A torrent that it has a part of from a peer: all of a file and some of the next."""
    payload = Payload(lab.new_dir("seed"), "fetched", [600000, 6 << 20])
    torrent = payload.torrent(lab.path("fetched.torrent"), "http://127.0.0.1:1/announce")
    target = lab.new_dir(f"{session.kind}-fetched")
    session.add(torrent, target)
    infohash = payload.infohash.hex()
    wait_until(lambda: infohash in session.have(), f"{session.name} to begin")
    peer = give_a_part(lab, session, payload, torrent)
    wait_until(lambda: session.have()[infohash] >= GIVEN * payload.piece_bytes,
               f"{session.name} to fetch")
    session.finish()
    peer.end()
    return payload, target


def fetched(lab, client):
    session = client(lab)
    payload, target = fetch(lab, session)
    state = lab.new_dir("state")
    status, result, complaint = take_over(state, session)
    check_equal((status, complaint), (0, ""), "bttui import")
    torrent = result["torrents"][0]
    check_equal(torrent["state"], "taken-over", f"what was fetched: {torrent}")
    check(0 < torrent["have"] < torrent["pieces"], f"a part: {torrent}")
    check(torrent["have"] <= len(payload.valid_pieces(target)), "more than is there")
    bttui = Bttui(lab, None, lab.new_dir("target"), "--no-incoming", state=state)
    bttui.wait_event("checked", have=torrent["have"])
    check(read_chars(bttui) < RCHAR_MAX, "the data were checked again")
    bttui.finish()


def fetched_by_transmission(lab):
    fetched(lab, sessions.Transmission)


def fetched_by_qbittorrent(lab):
    fetched(lab, sessions.Qbittorrent)


def fetched_by_rtorrent(lab):
    fetched(lab, sessions.Rtorrent)


def fetched_by_deluge(lab):
    fetched(lab, sessions.Deluge)


def fingerprint(directory):
    """Everything below DIRECTORY that a take-over might change."""
    return {path: hashlib.sha256(open(path, "rb").read()).hexdigest()
            for base, _, names in os.walk(directory)
            for path in (os.path.join(base, name) for name in names)
            if os.path.isfile(path)}


def take_over(state, session, *options):
    done = subprocess.run(
        [bttui_path(), "import", "--json", "--state-dir", state, *options, session.home],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def check_result(result, session, jobs):
    check_equal(result["from"], session.kind, "the kind it found")
    states = {torrent["infohash"]: (torrent["state"], torrent["have"], torrent["paused"])
              for torrent in result["torrents"]}
    check_equal(states, {job.infohash: ("taken-over", job.have, job.paused) for job in jobs},
                "what it says of them")


def read_chars(process):
    with open(f"/proc/{process.process.pid}/io", encoding="ascii") as file:
        return int(file.readline().split()[1])


def check_session(lab, state, jobs):
    """A session on STATE has it all at once."""
    bttui = Bttui(lab, None, lab.new_dir("target"), "--no-incoming", state=state)
    for job in jobs:
        bttui.wait_event("checked", infohash=job.infohash, have=job.have)
    read = read_chars(bttui)
    check(read < RCHAR_MAX, f"{read} bytes were read: the data were checked again")
    for job in jobs:
        state = "paused" if job.paused else "seeding" if job.have == len(job.payload.pieces) \
            else "downloading"
        bttui.wait_event("progress", infohash=job.infohash, state=state)
    bttui.finish()


def put_torrent_inside(home, job):
    """As for one that came by a magnet link: no torrent file, the metadata are in the other."""
    folder = os.path.join(home, "qBittorrent/data/BT_backup")
    os.remove(os.path.join(folder, f"{job.infohash}.torrent"))
    path = os.path.join(folder, f"{job.infohash}.fastresume")
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(b"d4:info" + bencode(job.payload.info()) + data[1:])


def import_from(lab, client):
    session = client(lab)
    jobs = fill(lab, session)
    session.finish()
    if client is sessions.Qbittorrent:
        put_torrent_inside(session.home, jobs[0])
    state, before = lab.new_dir("state"), fingerprint(session.home)
    status, result, complaint = take_over(state, session)
    check_equal((status, complaint), (0, ""), "bttui import")
    check_result(result, session, jobs)
    check_equal(fingerprint(session.home), before, "the other client's directory")
    check_session(lab, state, jobs)
    again = take_over(state, session)[1]
    check_equal([torrent["reason"] for torrent in again["torrents"]],
                ["already-there"] * len(jobs), "a second time")


def from_transmission(lab):
    import_from(lab, sessions.Transmission)


def while_it_runs(lab):
    """Said, and what still has the names of unfinished files is left alone."""
    session = sessions.Transmission(lab)
    jobs = fill(lab, session)
    session.finish()
    session = sessions.Transmission(lab, session.home)
    status, result, complaint = take_over(lab.new_dir("state"), session)
    check("seems to be running" in complaint, f"said: {complaint}")
    check_equal((status, result["running"]), (1, True), "bttui import beside it")
    left_out = {torrent["name"]: torrent.get("reason") for torrent in result["torrents"]
                if torrent["state"] == "left-out"}
    check_equal(left_out, {"half": "client-running"}, "left out")
    check(os.path.exists(os.path.join(jobs[1].payload.dir, "half.part")), "it was renamed")


def what_was_changed_is_checked(lab):
    session = sessions.Rtorrent(lab)
    jobs = fill(lab, session)
    session.finish()
    whole = jobs[0].payload
    os.utime(whole.file(whole.dir, whole.paths[2]), (1, 1))
    state = lab.new_dir("state")
    result = take_over(state, session)[1]
    found = {torrent["name"]: (torrent["state"], torrent.get("reason"), torrent.get("detail"))
             for torrent in result["torrents"] if torrent["state"] != "taken-over"}
    check_equal(found, {"whole": ("to-check", "changed", "whole/file-2")}, "not believed")
    bttui = Bttui(lab, None, lab.new_dir("target"), "--no-incoming", state=state)
    bttui.wait_event("checked", infohash=jobs[0].infohash, have=jobs[0].have)
    check(read_chars(bttui) > RCHAR_MAX, "it was not checked")
    status, _, complaint = take_over(state, session)
    check_equal(status, 2, "bttui import into a session that runs")
    check("uses" in complaint, f"said: {complaint}")
    bttui.finish()


def from_qbittorrent(lab):
    import_from(lab, sessions.Qbittorrent)


def from_rtorrent(lab):
    import_from(lab, sessions.Rtorrent)


def from_deluge(lab):
    import_from(lab, sessions.Deluge)


# At full size what each of them fetched itself, too; Transmission takes its time for that.
FULL = [fetched_by_transmission, fetched_by_qbittorrent, fetched_by_deluge] \
    if os.environ.get("BTTUI_INTEROP_FULL") else []
run(from_transmission, from_qbittorrent, from_rtorrent, from_deluge, while_it_runs,
    what_was_changed_is_checked, fetched_by_rtorrent, *FULL)
