"""System calls that fail: each of the calls bttui makes, once and for ever, in a download
and in an upload. Nobody dies, nothing spins, an end has a documented status, and what was
kept is good: a run without faults completes. BTTUI_FAULTS names the program with faults
(tests/faults); BTTUI_INTEROP_FULL=1 tries all errnos, otherwise the first of each row."""

import concurrent.futures
import errno
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time

import bttui as program
from bttui import Bttui, is_sanitized
from lab import (PATIENCE_S, Skip, Slowness, check, check_equal, in_background, run,
                 wait_until)
from payload import Payload
from wire_peer import WirePeer

SIZES = [150000, 0, 5, 120001]
PIECE_BYTES = 1 << 15
FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
AT_ONCE = 8  # most of them wait
LATE_MS = 2000 if is_sanitized() else 500  # beside what the machine makes it wait
SPIN_SHARE, REST_S = 0.2, 0.7  # of a processor, for so long
BROKEN = "EIO ENOSPC EDQUOT EFBIG EROFS EACCES EPERM ENOMEM"

# A call (@ part of the path it is about), the errnos it fails with, and what must come of
# one failure: "done" (the download completes all the same) or "told" (or it ends with 1 or
# 2 and says why). Without end, each must be survived.
DOWNLOAD = [  # row of HOSTILE.md
    ("pwritev", "EINTR EIO", "done"),  # S4, S9
    ("pwritev", "ENOSPC EDQUOT EFBIG EROFS EACCES", "told"),  # S1, S2, S7, S8
    ("openat@file-", "ENOSPC EACCES EPERM EROFS EMFILE ENFILE ENOMEM EIO", "told"),  # S1, S7
    ("mkdirat@payload", "ENOSPC EACCES EROFS EDQUOT EIO", "told"),
    ("fdatasync@file-", "EIO ENOSPC EDQUOT", "told"),  # S6
    ("fstat", "EIO ENOMEM", "told"),
    ("fstatat", "EIO ENOENT", "told"),
    ("read@state", "EINTR", "done"),
    ("pread", "EINTR", "done"),
    ("write@/state", "EINTR", "done"),  # S9
    ("write@/resume", BROKEN, "done"),  # S3
    ("openat@resume", BROKEN.replace(" ENOMEM", ""), "done"),
    ("openat@resume", "ENOMEM", "told"),  # or a torrent forgets where its files are
    ("fdatasync@/state", "EIO ENOSPC", "done"),
    ("fsync@/state", "EIO EINVAL EROFS", "done"),
    ("fsync@/target", "EIO EINVAL EROFS", "told"),
    ("renameat", BROKEN, "done"),
    ("linkat", "EPERM EMLINK EIO ENOSPC", "done"),
    ("unlinkat", "EPERM EIO", "done"),
    ("mkdirat@resume", "ENOSPC EACCES EROFS", "told"),
    ("mkdir", "EACCES ENOSPC EROFS", "told"),
    ("ftruncate", "EIO ENOSPC", "done"),
    ("pwrite", "ENOSPC EIO", "done"),
    ("flock", "ENOLCK EOPNOTSUPP EINTR", "done"),  # R11
    ("close", "EIO EINTR", "done"),
    ("statvfs", "EIO ENOSYS", "done"),
    ("socket", "EMFILE ENFILE ENOBUFS ENOMEM EAFNOSUPPORT EACCES", "told"),  # O13
    ("bind", "EADDRINUSE EADDRNOTAVAIL EACCES", "told"),
    ("listen", "EADDRINUSE", "told"),
    ("getsockname", "ENOBUFS", "told"),
    ("setsockopt", "ENOPROTOOPT ENOMEM", "done"),
    ("getsockopt", "ENOBUFS", "done"),
    ("connect", "EINTR EACCES EPERM EADDRNOTAVAIL ENETUNREACH EHOSTUNREACH ECONNREFUSED "
     "ETIMEDOUT EAGAIN EADDRINUSE ENOBUFS ENETDOWN", "done"),  # O14
    ("readv", "EINTR EAGAIN ECONNRESET ENOBUFS ENOMEM ETIMEDOUT", "done"),
    ("sendmsg", "EINTR EAGAIN ENOBUFS ENOMEM EPIPE ECONNRESET", "done"),
    ("send", "EINTR EAGAIN ENOBUFS ECONNREFUSED ENETUNREACH EPERM", "done"),
    ("recv", "EINTR EAGAIN ECONNREFUSED ENOMEM", "done"),
    ("ppoll", "EINTR ENOMEM EAGAIN", "done"),
    ("eventfd", "EMFILE ENFILE ENOMEM", "told"),
    ("pipe2", "EMFILE ENFILE", "told"),
    ("getrandom", "EINTR", "done"),
    ("getrandom", "ENOSYS EAGAIN", "told"),
    ("pthread_create", "ENOMEM EAGAIN", "told"),  # S30
]
UPLOAD = [
    ("accept4", "EMFILE EINTR ENOBUFS ECONNABORTED ENFILE ENOMEM EPROTO ENETDOWN EAGAIN",
     "done"),
    ("pread", "EIO EINTR", "done"),  # S5
    ("preadv2", "EIO EAGAIN ENOSYS EOPNOTSUPP EINTR", "done"),
    ("readv", "EINTR EAGAIN ENOMEM", "done"),
    ("sendmsg", "ENOBUFS EINTR EAGAIN ENOMEM", "done"),
    ("ppoll", "ENOMEM EINTR", "done"),
    ("fstat", "EIO", "done"),
    ("openat@file-", "EMFILE EACCES EIO", "told"),
]
STATUSES = {0, 1, 2}


class UdpTracker:
    """Tells everybody of PEER (BEP 15)."""

    def __init__(self, lab, peer):
        self.peer, self.socket = peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"udp://127.0.0.1:{self.socket.getsockname()[1]}/announce"
        in_background(self._serve)
        lab.closers.append(self.socket.close)

    def _serve(self):
        while True:
            try:
                packet, source = self.socket.recvfrom(2048)
            except OSError:
                return
            action, transaction = struct.unpack(">II", packet[8:16])
            if action == 0:
                answer = struct.pack(">IIQ", 0, transaction, 77)
            else:
                answer = struct.pack(">IIIII", 1, transaction, 1800, 0, 1) + \
                    socket.inet_aton("127.0.0.1") + struct.pack(">H", self.peer.port)
            self.socket.sendto(answer, source)


def faults_path():
    path = os.environ.get("BTTUI_FAULTS")
    if not path or not os.access(path, os.X_OK):
        raise Skip("BTTUI_FAULTS names no program with faults")
    return os.path.abspath(path)


class Place:
    """Seeders, a tracker that knows one of them, and what all rows share."""

    def __init__(self, lab):
        self.lab = lab
        self.payload = Payload(lab.new_dir("seed"), "payload", SIZES, piece_bytes=PIECE_BYTES)
        self.peer = WirePeer(lab, self.payload)
        self.other = WirePeer(lab, self.payload)  # who loses a peer for a minute has another
        self.tracker = UdpTracker(lab, self.peer)
        self.torrent = self.payload.torrent(lab.path("payload.torrent"), self.tracker.url)
        self.row = threading.local()  # of each thread; its programs

    def start(self, target, state, *options, fault=None, short=None, log=None):
        env = {}
        if fault:
            env["BTTUI_FAULT"] = fault
        if short:
            env["BTTUI_FAULT_SHORT"] = str(short)
        if log:
            env["BTTUI_FAULT_LOG"] = log
        return self.of_row(Bttui(self.lab, self.torrent, target, *options, state=state,
                                 env=env, program=faults_path()))

    def of_row(self, bttui):
        self.row.__dict__.setdefault("programs", []).append(bttui)
        return bttui

    def recover(self, target, state):
        """Without faults it completes, and is right."""
        bttui = self.start(target, state, "--exit-when-done")
        check_equal(bttui.wait(), 0, "exit status of the run without faults")
        check_equal(self.payload.differences(target), [], "files that differ")


def rules(rows):
    for call, names, once in rows:
        for name in names.split() if FULL else names.split()[:1]:
            number = getattr(errno, name)
            yield f"{call} {name} once", f"{call}:1:1:{number}", once
            yield f"{call} {name} later", f"{call}:3:1:{number}", once
            if name not in ("EINTR", "EAGAIN"):  # no system says that for ever
                yield f"{call} {name} for ever", f"{call}:1:0:{number}", "survived"


def cpu_s(bttui):
    try:
        with open(f"/proc/{bttui.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rests(bttui):
    """Whether it does, for a while; it has ended if it can."""
    before, since = cpu_s(bttui), time.monotonic()
    try:
        bttui.process.wait(REST_S)
        return True
    except subprocess.TimeoutExpired:
        used = cpu_s(bttui) - before
        return used <= SPIN_SHARE * (time.monotonic() - since) + 0.02


def see_it_rest(bttui):
    """What does not end by itself must not spin once it has done what it can, and must end
    when told to."""
    wait_until(lambda: rests(bttui), f"{bttui.name} to rest: it spins")
    bttui.kill(signal.SIGTERM)
    return bttui.wait()


def judge(bttui, wanted, name):
    if wanted == "done":
        check_equal(bttui.wait(), 0, "exit status")
        return
    bttui.wait_heedful()
    try:
        status = bttui.process.wait(1.0 if wanted == "survived" else PATIENCE_S)
    except subprocess.TimeoutExpired:  # it goes on
        check(wanted == "survived", f"{name}: neither done nor told")
        status = see_it_rest(bttui)
    check(status in STATUSES, f"exit status {status}")
    if status == 2 or (status == 1 and wanted == "told"):
        bttui.wait()
        check(bttui.text(bttui.log).strip() or bttui.seen("error"), "ended without a word")


def one_download(place, name, fault, wanted):
    target, state = place.lab.new_dir("target"), place.lab.path(place.lab.unique("state"))
    bttui = place.start(target, state, "--exit-when-done", "--peer", place.other.address,
                        fault=fault)
    judge(bttui, wanted, name)
    if bttui.status() == 0 and wanted == "done":
        check_equal(place.payload.differences(target), [], "files that differ")
    place.recover(target, state)


def one_upload(place, name, fault, wanted):
    state = place.lab.path(place.lab.unique("state"))
    seed = place.start(place.payload.dir, state, fault=fault)
    wait_until(lambda: seed.seen("listening") or not seed.running(), "the seed listens")
    if seed.running():
        port = seed.last("listening", "port")
        target = place.lab.new_dir("target")
        leech = place.of_row(Bttui(
            place.lab, place.bare_torrent, target, "--peer", f"127.0.0.1:{port}",
            "--exit-when-done", program=faults_path()))
        if wanted == "done":
            leech.wait_done()
        else:
            leech.wait_heedful()
            try:
                leech.process.wait(1)
            except subprocess.TimeoutExpired:  # nothing to be had there
                leech.end()
        see_it_rest(seed)
    check(seed.status() in STATUSES, f"exit status {seed.status()}")
    check_equal(place.payload.differences(place.payload.dir), [], "files that differ")


def all_of(place, rows, one):
    """Several at a time; tells of all that went wrong."""
    wrong = []

    def attempt(row):
        name, fault, wanted = row
        place.row.programs = []
        try:
            one(place, name, fault, wanted)
            for bttui in place.row.programs:
                bttui.is_fine = True
        except Exception as problem:  # goes into the list below
            names = " ".join(bttui.name for bttui in place.row.programs)
            wrong.append(f"{name}: {problem} ({names})")

    todo = list(rules(rows))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(attempt, todo))
    print(f"        {len(todo)} faults")
    for line in sorted(wrong):
        print(f"        {line}")
    check(not wrong, f"{len(wrong)} of {len(todo)} went wrong")


def calls_fail_in_a_download(lab):
    all_of(Place(lab), DOWNLOAD, one_download)


def calls_fail_in_an_upload(lab):
    place = Place(lab)
    place.bare_torrent = place.payload.torrent(lab.path("bare.torrent"))
    all_of(place, UPLOAD, one_upload)


def transfers_of_a_byte(lab):
    """O15, S9: one byte at a time, every second try in vain; the result is the same."""
    place = Place(lab)
    target = lab.new_dir("target")
    place.start(target, lab.path("state"), "--exit-when-done", short=1).wait_done()
    check_equal(place.payload.differences(target), [], "files that differ")


def peak_kib(bttui):
    with open(f"/proc/{bttui.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def a_disk_that_hangs(lab):
    """S19, S20: no write comes back. The loop is as prompt as ever, peers are not read any
    further than there is room, memory is bounded, and the end comes in time."""
    payload = Payload(lab.new_dir("seed"), "payload", [192 << 20], piece_bytes=1 << 18)
    peer = WirePeer(lab, payload)
    torrent = payload.torrent(lab.path("payload.torrent"))
    bttui = Bttui(lab, torrent, lab.new_dir("target"), "--peer", peer.address,
                  program=faults_path(), env={"BTTUI_FAULT": "pwritev:2:0:stall",
                                              "BTTUI_FAULT_UNTIL": lab.path("never")},
                  hurries=True)
    slowness = Slowness(bttui)
    bttui.wait_event("peer", status="downloading")

    def stands_still():
        before = len(peer.sent_since(0))
        time.sleep(0.5)
        return before > 100 and len(peer.sent_since(0)) == before

    wait_until(stands_still, "peers are no longer read")
    queued = sum(1 for _ in peer.sent_since(0)) * 16384
    check(queued <= 40 << 20, f"{queued >> 20} MiB were taken from the peer")
    check(peak_kib(bttui) <= 96 << 10, f"{peak_kib(bttui) >> 10} MiB of memory")
    told = time.time()
    check(bttui.end() in (0, 1), "exit status")
    ended = time.time()
    took = ended - told - slowness.waited_s(told, ended)
    check(took <= 5.5, f"the end took {took:.1f} s")
    late_ms = slowness.late_ms(bttui)
    check(late_ms <= LATE_MS, f"the loop was late by {late_ms:.0f} ms")
    print(f"        {queued >> 20} MiB queued, late by {late_ms:.0f} ms at most, "
          f"ended in {took:.1f} s")


def hangs_at_its_end(lab, name):
    """One that has everything, and whose disk hangs when it saves its list for the last time,
    until the file that is given back, too, is there."""
    place, answers = Place(lab), lab.path(f"{name} answers")
    bttui = Bttui(lab, place.torrent, lab.new_dir("target"), "--peer", place.other.address,
                  "--exit-when-done", program=faults_path(),
                  env={"BTTUI_FAULT": "renameat@session:2:1:stall", "BTTUI_FAULT_UNTIL": answers},
                  hurries=True)
    bttui.wait_event("completed")
    return bttui, answers


def an_end_that_nobody_asked_for(lab):
    """It waits for the disk as long as it takes, unless somebody asks for it then."""
    slow, answers = hangs_at_its_end(lab, "slow")
    hung, _ = hangs_at_its_end(lab, "hung")
    time.sleep(6)  # longer than what somebody asked for may take
    check(slow.running() and hung.running(), "it did not wait")
    with open(answers, "wb"):
        pass
    check_equal(slow.wait(), 0, "exit status of what was slow")
    check(slow.seen("stopped"), "not told as stopped")
    slowness, told = Slowness(hung), time.time()
    check(hung.end() in (0, 1), "exit status of what hangs")
    ended = time.time()
    took = ended - told - slowness.waited_s(told, ended)
    check(took <= 5.5, f"the end took {took:.1f} s")


run(a_disk_that_hangs, an_end_that_nobody_asked_for, calls_fail_in_a_download,
    calls_fail_in_an_upload, transfers_of_a_byte, limit_s=1800)
