"""The program as a process: signals at any time and in any number, one at a time in a state
directory, nothing listening but its port."""

import itertools
import os
import pty
import random
import signal
import socket
import time

from bttui import Bttui, bttui_path, is_sanitized
from lab import (PATIENCE_S, Skip, check, check_equal, in_background, run, take_connections,
                 wait_until)
from payload import Payload
from wire_peer import WirePeer
from witness import Witness

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
IN_TIME_S = 10 if is_sanitized() else 5
AT_ONCE_S = 1  # where it would wait for 3 s
NO_S = IN_TIME_S * 0.3  # to say that another has the directory
GIVES_UP_S = 3.5  # what has not stopped by then is not told of any more

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\nd8:intervali1800e5:peers0:e"


class HungTracker:
    """Takes connections; answers the first of them, if WELCOME, and no other."""

    def __init__(self, lab, welcome=False):
        self.welcome = welcome
        self.connections = []
        self.url = f"http://127.0.0.1:{take_connections(lab, self._serve)}/announce"

    def _serve(self, connection):
        self.connections.append(connection)
        if self.welcome and len(self.connections) == 1:
            connection.recv(65536)
            connection.sendall(ANSWER.replace(b"200 OK", b"200 OK\r\nConnection: close"))
            connection.close()


class InTime:
    """What is done within it takes LIMIT_S at most, and what the machine was held up."""

    def __init__(self, lab, limit_s, what):
        self.witness, self.limit_s, self.what = Witness(lab), limit_s, what
        self.took_s, self.lost_s = 0, 0

    def __enter__(self):
        self.witness.__enter__()
        self.began = time.monotonic()
        return self

    def __exit__(self, kind, *_):
        self.took_s, self.lost_s = time.monotonic() - self.began, self.witness.lost_s()
        self.witness.__exit__()
        check(kind or self.took_s <= self.limit_s + self.lost_s, f"{self.what}: took "
              f"{self.took_s:.2f} s, and the machine {self.lost_s:.2f} s of them")

    def had_to_give_up(self):
        """Through no fault of the program's."""
        return GIVES_UP_S <= self.took_s and self.lost_s >= 1


def end_in_time(lab, bttui, number, limit_s=IN_TIME_S):
    with InTime(lab, limit_s, f"{bttui.name}: the end at {number!r}") as end:
        check_equal(bttui.end(number), 0, f"{bttui.name}: exit status at {number!r}")
    return end


def ends_in_time_whatever_it_does(lab):  # O1
    payload = Payload(lab.new_dir("seed"), "payload", [24 << 20], piece_bytes=1 << 16)
    plain = payload.torrent(lab.path("plain.torrent"))
    peer = WirePeer(lab, payload, rate=4 << 20)
    took = []
    for number in ENDING:
        idle = Bttui(lab, None, lab.new_dir("idle"))
        idle.wait_event("listening")
        took.append(end_in_time(lab, idle, number).took_s)

        state = lab.new_dir("state")
        busy = Bttui(lab, plain, lab.new_dir("busy"), "--peer", peer.address, state=state)
        busy.wait_pieces(8)
        end = end_in_time(lab, busy, number)
        took.append(end.took_s)
        check(busy.seen("stopped") or end.had_to_give_up(), "busy: not told of its end")
        resume = os.path.join(state, "resume", payload.infohash.hex())
        check(os.path.getsize(resume) > 0, "busy: no checkpoint")

        checking = Bttui(lab, plain, payload.dir)
        checking.wait_event("added")
        took.append(end_in_time(lab, checking, number).took_s)

    print(f"        ended after {min(took):.2f} to {max(took):.2f} s")


def ends_in_time_though_no_tracker_answers(lab):  # O1
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 20])
    waiting = []
    for number in ENDING:
        for welcome in (False, True):
            hung = HungTracker(lab, welcome)
            torrent = payload.torrent(lab.path(lab.unique("a.torrent")), hung.url)
            bttui = Bttui(lab, torrent, lab.new_dir("waiting"))
            wait_until(lambda tracker=hung: tracker.connections, "the tracker to be asked")
            if welcome:
                bttui.wait_event("tracker", ok=True)
            waiting.append((bttui, hung, number))
    with InTime(lab, IN_TIME_S, "the last one") as end:
        for bttui, _, number in waiting:
            bttui.kill(number)
        for bttui, _, number in waiting:
            check_equal(bttui.wait(), 0, f"{bttui.name}: exit status at {number!r}")
    for _, hung, _ in waiting:
        wait_until(lambda hung=hung: len(hung.connections) > hung.welcome, "the end to be told")
    print(f"        ended after {end.took_s:.2f} s")


def ends_in_time_though_the_disk_hangs(lab):  # O1, S19
    """Writes that never end; BTTUI_FAULTS names a program that makes them so."""
    faults = os.environ.get("BTTUI_FAULTS")
    if not faults:
        raise Skip("BTTUI_FAULTS names no program with faults")
    payload = Payload(lab.new_dir("seed"), "payload", [4 << 20], piece_bytes=1 << 16)
    torrent = payload.torrent(lab.path("payload.torrent"))
    peer = WirePeer(lab, payload)
    bttui = Bttui(lab, torrent, lab.new_dir("target"), "--peer", peer.address, program=faults,
                  env={"BTTUI_FAULT": "pwritev:1:0:stall", "BTTUI_FAULT_UNTIL": lab.path("never")},
                  hurries=True)
    wait_until(lambda: len(peer.sent) << 14 == payload.total_bytes, "all that there is, sent")
    with InTime(lab, IN_TIME_S, "the end") as end:
        check(bttui.end() in (0, 1), f"exit status {bttui.status()}")
    check(not bttui.seen("piece"), "the disk did not hang")
    check("did not answer in time" in bttui.text(bttui.log), "what is not saved is not told")
    print(f"        ended after {end.took_s:.2f} s with {bttui.status()}")


def a_second_signal_ends_it_at_once(lab):  # O1
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 20])
    hung = HungTracker(lab, welcome=True)
    torrent = payload.torrent(lab.path("payload.torrent"), hung.url)
    bttui = Bttui(lab, torrent, lab.new_dir("target"))
    bttui.wait_event("tracker", ok=True)
    with InTime(lab, AT_ONCE_S, "both signals"):
        bttui.kill(signal.SIGTERM)
        wait_until(lambda: len(hung.connections) == 2, "the tracker to be told of the end")
        bttui.kill(signal.SIGINT)
        check_equal(bttui.wait(), 0, "exit status")


def a_signal_while_it_starts(lab):  # O2
    """Every 10 ms. One that comes before main() can have said what to do about it ends the
    process as the system does, and finds nothing made."""
    payload = Payload(lab.new_dir("seed"), "payload", [200000] * 5)
    torrent = payload.torrent(lab.path("payload.torrent"))
    by_itself = 0
    for delay_ms in itertools.count(0, 10):
        if delay_ms >= 160 and by_itself > 0:
            break
        state = lab.path(f"state-{delay_ms}")
        bttui = Bttui(lab, torrent, payload.dir, state=state)
        time.sleep(delay_ms / 1000)
        status = bttui.end()
        if status == -signal.SIGTERM and not os.path.exists(state):
            continue
        by_itself += 1
        check_equal(status, 0, f"exit status at a signal after {delay_ms} ms")
        again = Bttui(lab, torrent, payload.dir, state=state)
        again.seeding()
        again.finish()


def a_signal_while_it_ends(lab):  # O1
    """What comes when all is told and saved makes no death by signal of it."""
    payload = Payload(lab.new_dir("seed"), "payload", [200000])
    torrent = payload.torrent(lab.path("payload.torrent"))
    for _ in range(10):
        bttui = Bttui(lab, torrent, payload.dir, "--exit-when-done")
        bttui.wait_event("stopped")
        while bttui.running():
            bttui.kill(signal.SIGTERM)
        check_equal(bttui.status(), 0, "exit status")


def a_storm_of_signals(lab):  # O3
    payload = Payload(lab.new_dir("seed"), "payload", [12 << 20], piece_bytes=1 << 16)
    target, peer = lab.new_dir("target"), WirePeer(lab, payload, rate=6 << 20)
    torrent = payload.torrent(lab.path("payload.torrent"))
    bttui = Bttui(lab, torrent, target, "--peer", peer.address)
    bttui.wait_event("added")
    harmless = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGWINCH, signal.SIGCONT,
                signal.SIGCHLD, signal.SIGURG]
    source, sent, began = random.Random(3), 0, time.monotonic()
    while not bttui.seen("completed"):
        bttui.must_run()
        for _ in range(500):
            bttui.kill(source.choice(harmless))
        sent += 500
        check(time.monotonic() - began < PATIENCE_S, "the storm keeps it from completing")
    print(f"        {sent / (time.monotonic() - began):.0f} signals a second")
    check_equal(payload.differences(target), [], "files that differ")
    for _ in range(1000):
        bttui.kill(source.choice([*harmless, *ENDING]))
    check_equal(bttui.wait(), 0, "exit status after a storm of endings")


def a_storm_in_the_interface(lab):  # O3
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
        os.execv(bttui_path(), [bttui_path(), "-p", "0", "-s", lab.path("state"), "-d",
                                lab.new_dir("target")])
    try:
        drawn = [b""]

        def drain():
            try:
                while data := os.read(master, 65536):
                    drawn[0] += data
            except OSError:
                pass
        in_background(drain)
        wait_until(lambda: b"bttui" in drawn[0], "the first frame")
        for i in range(20000):
            os.kill(pid, (signal.SIGWINCH, signal.SIGCONT, signal.SIGPIPE)[i % 3])
        os.kill(pid, signal.SIGTERM)
        check_equal(_wait_for(pid), 0, "exit status")
        pid = None
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(master)


def _wait_for(pid):
    status = []

    def look():
        got, value = os.waitpid(pid, os.WNOHANG)
        if got:
            status.append(os.waitstatus_to_exitcode(value))
        return got
    wait_until(look, "the process to end")
    return status[0]


def one_at_a_time_in_a_state_directory(lab):  # R10, R11
    state, target = lab.new_dir("state"), lab.new_dir("target")
    first = Bttui(lab, None, target, state=state)
    first.wait_event("listening")
    with InTime(lab, NO_S, "the second one's end"):
        second = Bttui(lab, None, target, state=state)
        check_equal(second.wait(), 2, "the second one's exit status")
    check(str(first.process.pid) in second.text(second.log), "the holder's number is not told")
    first.kill(signal.SIGKILL)
    first.wait()
    third = Bttui(lab, None, target, state=state)
    third.wait_event("listening")
    third.finish()


def _sockets_of(pid):
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            link = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if link.startswith("socket:["):
            inodes.add(link[8:-1])
    return inodes


def listens_on_its_port_alone(lab):  # O22
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 20])
    bttui = Bttui(lab, payload.torrent(lab.path("a.torrent")), payload.dir).seeding()
    port, inodes, found = bttui.port(), _sockets_of(bttui.process.pid), []
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        try:
            with open(f"/proc/{bttui.process.pid}/net/{table}", encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except FileNotFoundError:
            continue
        found += [(table, int(row[1].rsplit(":", 1)[1], 16)) for row in rows
                  if row[9] in inodes]
    check({entry[0] for entry in found} <= {"tcp", "tcp6", "udp", "udp6"}, f"sockets: {found}")
    check_equal({entry[1] for entry in found}, {port}, "local ports")
    with open(f"/proc/{bttui.process.pid}/net/unix", encoding="ascii", errors="replace") as file:
        unix = [line for line in file if line.split()[6] in inodes]
    check(not any(line.split()[3] == "00010000" for line in unix), f"unix sockets: {unix}")
    bttui.finish()


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def a_port_that_is_taken(lab):  # O12
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        bttui = Bttui(lab, None, lab.new_dir("target"), port=taken)
        check_equal(bttui.wait(), 2, "exit status with a port in use")
        check(str(taken) in bttui.text(bttui.log), "the port is not told")
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if os.geteuid() == 0 and int(file.read()) > 1:
            state = lab.new_dir("state")
            os.chown(state, 65534, 65534)
            bttui = Bttui(lab, None, "/", state=state, port=1, before=become_nobody)
            check_equal(bttui.wait(), 2, "exit status with a port for root")
            check("port 1: " in bttui.text(bttui.log), "the port is not told")
    for address in ("192.0.2.1", "no-such-interface"):
        bttui = Bttui(lab, None, lab.new_dir("target"), "--bind", address)
        check_equal(bttui.wait(), 2, f"exit status with --bind={address}")


run(ends_in_time_whatever_it_does, ends_in_time_though_no_tracker_answers,
    ends_in_time_though_the_disk_hangs, a_second_signal_ends_it_at_once, a_signal_while_it_ends,
    a_signal_while_it_starts, a_storm_of_signals, a_storm_in_the_interface,
    one_at_a_time_in_a_state_directory, listens_on_its_port_alone, a_port_that_is_taken)
