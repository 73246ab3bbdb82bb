"""What is measured. Each scenario is a class with

    def __init__(self, bench, …)   makes what all runs share
    rows(client class) → dict      one run of one client
    bare() → dict or None          one run of the bare limit

A row has some of: mb_s; cpu (CPU s/GiB); private, resident (peak MB); seconds; waste (bytes
fetched twice, %). bttui's system calls are counted in a run of their own, counted()."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import clients  # noqa: F401  (of the interop tests: rivals uses it)
from lab import Failed, Process, free_port
from measure import cpu_s, wakeups
from rivals import Bttui, until
from trackers import RecordingTracker

GIB = 1 << 30
MB = 1e6


def tool(bench, name):
    return os.path.join(bench.options.build, "tests", "bench", name)


def with_tracker(path, url):
    """The same torrent with a tracker."""
    with open(path, "rb") as file:
        data = file.read()
    tracked = path.replace(".torrent", "-tracked.torrent")
    with open(tracked, "wb") as file:
        file.write(b"d8:announce%d:%s" % (len(url), url.encode()) + data[1:])
    return tracked


def loopback(group, index):
    return f"127.{group}.{index // 250}.{index % 250 + 1}"


class Seeder(Process):
    """bench_seeder with what it says."""

    def __init__(self, bench, torrent, size, *options, peers=0, port=None):
        self.port = port or free_port()
        super().__init__(bench.lab, "bench-seeder", [
            tool(bench, "bench_seeder"), "-n", str(peers), *options, torrent, str(size),
            str(bench.piece), str(self.port)])
        until(lambda: "ready" in self.text(self.out) or not self.running(), "the seeder")
        self.must_run()
        self.addresses = [loopback(1, i) for i in range(peers)] or ["127.0.0.1"]

    def firsts(self):
        return [float(at) for at in re.findall(r"^first (\S+)\n", self.text(self.out), re.M)]

    def served(self):
        return self._numbers("served")

    def joined(self):
        return self._numbers("joined")

    def _numbers(self, word):
        found = re.findall(rf"^{word} (\d+)\n", self.text(self.out), re.M)
        return [int(count) for count in found]


class FixedTracker(RecordingTracker):
    """Gives out the fixed peers alone, not those that announced."""

    def answer(self, path, source):
        self.swarm.clear()
        return super().answer(path, source)


def counting(path):
    """The beginning of a command that counts another's system calls into PATH: with perf, or,
    much slower, with strace."""
    perf = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", path]
    if shutil.which("perf") and subprocess.run([*perf, "true"], capture_output=True,
                                               check=False).returncode == 0:
        return perf
    if shutil.which("strace"):
        return ["strace", "-f", "-c", "-o", path]
    raise Failed("neither perf nor strace can count system calls")


def calls_in(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    perf = re.search(r"^(\d+),,raw_syscalls", text, re.M)
    strace = re.search(r"^100\.00\s.*?(\d+)\s+(\d+\s+)?total$", text, re.M)
    return int((perf or strace).group(1))


def counted_bttui(bench):
    """Bttui, started below the counter."""
    path = bench.lab.path(bench.lab.unique("calls"))

    class CountedBttui(Bttui):
        counts = path

        def arguments(self):
            return [*counting(path), *super().arguments()]
    return CountedBttui


class Down:
    """Download from PEERS fast seeds."""

    def __init__(self, bench, peers):
        self.bench, self.size = bench, bench.options.mib << 20
        torrent = bench.lab.path(bench.lab.unique("payload") + ".torrent")
        self.seeder = Seeder(bench, torrent, self.size, peers=0 if peers == 1 else peers)
        tracker = FixedTracker(bench.lab, fixed=[(address, self.seeder.port)
                                                 for address in self.seeder.addresses])
        self.torrent = with_tracker(torrent, tracker.url)
        self.limit = peers + 10

    def start(self, client):
        place = self.bench.lab.new_dir("down")
        self.before = len(self.seeder.firsts())
        return client(self.bench.lab, [self.torrent], os.path.join(place, "data"),
                      os.path.join(place, "home"), peers=self.limit), place

    def finish(self, process, place):
        process.kill()
        process.wait(10)
        until(lambda: len(self.seeder.served()) > self.before, "the seeder to be left", 0.02)
        shutil.rmtree(place)

    def run(self, client):
        process, place = self.start(client)
        process.wait_complete()
        cpu = process.cpu_s()
        if os.path.getsize(os.path.join(place, "data", "payload")) != self.size:
            raise Failed(f"{process.name}: the file has not its size")
        took = process.completed - self.seeder.firsts()[self.before]
        self.finish(process, place)
        served = self.seeder.served()[self.before]
        row = {"mb_s": self.size / took / MB, "cpu": cpu / (self.size / GIB),
               "private": process.peak_private / MB, "resident": process.peak_resident / MB,
               "waste": 100 * (served / self.size - 1)}
        return row

    def counted(self):
        """System calls a block of bttui, in all of its life."""
        process, place = self.start(counted_bttui(self.bench))
        process.wait_complete()
        calls = calls_in(process.counts)
        self.finish(process, place)
        return calls / (self.size / 16384)

    def bare(self):
        file = self.bench.lab.path("bare")
        before = len(self.seeder.served())
        done = subprocess.run(
            [tool(self.bench, "bench_bare"), str(self.size), str(self.bench.piece),
             f"{self.seeder.addresses[0]}:{self.seeder.port}", file],
            capture_output=True, check=True)
        os.unlink(file)
        found = json.loads(done.stdout)
        until(lambda: len(self.seeder.served()) > before, "the seeder to be left", 0.02)
        return {"mb_s": found["mb_per_s"], "cpu": found["cpu_s"] / (self.size / GIB)}


class BesideIdle:
    """Download from one fast seed that comes when IDLE others are there: they connect to the
    client, so that no pace of dialling matters. OPTIONS: of those others."""

    def __init__(self, bench, idle, *options):
        self.bench, self.idle, self.options = bench, idle, options
        self.size = bench.options.mib << 20
        self.torrent = bench.lab.path("payload.torrent")
        subprocess.run([tool(bench, "bench_payload"), self.torrent, str(self.size),
                        str(bench.piece)], check=True)
        self.tracked = with_tracker(self.torrent, bench.tracker().url)

    def run(self, client):
        place = self.bench.lab.new_dir("beside")
        process = client(self.bench.lab, [self.tracked], os.path.join(place, "data"),
                         os.path.join(place, "home"), peers=self.idle + 20)
        until(lambda: listens(process.port), f"{process.name} to listen")
        time.sleep(0.5)  # some listen before they know the torrent
        seeder = Seeder(self.bench, self.torrent, self.size, "-i", str(self.idle),
                        *self.options, "-d", "127.0.0.1", port=process.port)
        process.wait_complete()
        cpu = process.cpu_s()
        took = process.completed - seeder.firsts()[0]
        joined = seeder.joined()[0]
        process.kill()
        process.wait(10)
        seeder.end(signal.SIGKILL)
        shutil.rmtree(place)
        return {"mb_s": self.size / took / MB, "cpu": cpu / (self.size / GIB),
                "private": process.peak_private / MB, "idle": joined}

    def bare(self):
        return None


def listens(port):
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as file:
            if any(line.split()[1].endswith(":%04X" % port) and line.split()[3] == "0A"
                   for line in file if ":" in line.split()[0]):
                return True
    return False


class Up:
    """PEERS leechers, each of which fetches everything."""

    def __init__(self, bench, peers):
        self.bench, self.peers = bench, peers
        # Fifty times 1 GiB says no more than fifty times 128 MiB.
        divisor = 1 if peers == 1 else 4 if peers <= 20 else 8
        self.size = max(1, bench.options.mib // divisor) << 20
        self.data, self.torrent = bench.made(self.size)

    def leech(self, port):
        done = subprocess.run(
            [tool(self.bench, "bench_leecher"), str(self.size), str(self.bench.piece),
             f"127.0.0.1:{port}", str(self.peers)], capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"the leecher: {done.stderr.decode()[-300:]}")
        return json.loads(done.stdout)

    def start(self, client):
        process = client(self.bench.lab, [self.torrent], self.data,
                         self.bench.lab.new_dir("home"), peers=self.peers + 10, mode="seed")
        process.wait_complete()
        return process

    def run(self, client):
        process = self.start(client)
        before = process.cpu_s()
        found = self.leech(process.port)
        cpu = process.cpu_s() - before
        process.kill()
        process.wait(10)
        return {"mb_s": found["mb_per_s"], "cpu": cpu / (found["bytes"] / GIB),
                "seconds": found["last_done_s"], "private": process.peak_private / MB,
                "resident": process.peak_resident / MB}

    def counted(self):
        process = self.start(Bttui)
        path = self.bench.lab.path(self.bench.lab.unique("calls"))
        counter = subprocess.Popen([*counting(path), "-p", str(process.process.pid)],
                                   stderr=subprocess.DEVNULL)
        time.sleep(0.5)  # until it is attached
        found = self.leech(process.port)
        counter.send_signal(signal.SIGINT)
        counter.wait()
        calls = calls_in(path)
        process.kill()
        process.wait(10)
        return calls / (found["bytes"] / 16384)

    def bare(self):
        seeder = Seeder(self.bench, self.bench.lab.path("bare.torrent"), self.size,
                        "-f",
                        os.path.join(self.data, "payload"))
        before = cpu_s(seeder.process.pid)
        found = self.leech(seeder.port)
        cpu = cpu_s(seeder.process.pid) - before
        seeder.end(signal.SIGKILL)
        return {"mb_s": found["mb_per_s"], "cpu": cpu / (found["bytes"] / GIB),
                "seconds": found["last_done_s"]}


class Recheck:
    """Complete data in the page cache, nothing known of them: until all are checked."""

    def __init__(self, bench):
        self.bench = bench
        self.size = 4 * bench.options.mib << 20
        self.data, self.torrent = bench.made(self.size)

    def run(self, client):
        process = client(self.bench.lab, [self.torrent], self.data,
                         self.bench.lab.new_dir("home"), mode="seed")
        process.wait_complete()
        took, cpu = process.completed - process.began, process.cpu_s()
        process.kill()
        process.wait(10)
        return {"mb_s": self.size / took / MB, "seconds": took,
                "cpu": cpu / (self.size / GIB), "private": process.peak_private / MB}

    def bare(self):
        done = subprocess.run(
            [tool(self.bench, "bench_check"), str(self.size), str(self.bench.piece),
             os.path.join(self.data, "payload")], capture_output=True, check=True)
        found = json.loads(done.stdout)
        return {"mb_s": found["mb_per_s"], "seconds": found["seconds"],
                "cpu": found["cpu_s"] / (self.size / GIB)}


class Start:
    """A saved session of COUNT small complete torrents: until all are seeded again."""

    def __init__(self, bench, count):
        self.bench, self.count = bench, count
        self.data, self.torrents = bench.many(count)
        self.homes = {}

    def fill(self, client):
        if client.name not in self.homes:
            home = self.bench.lab.new_dir("home")
            process = client(self.bench.lab, self.torrents, self.data, home, mode="session")
            process.wait_complete()
            time.sleep(1)  # some write their session a little later
            process.end_orderly()
            self.homes[client.name] = home
        return self.homes[client.name]

    def take_up(self, client):
        return client(self.bench.lab, [], self.data, self.fill(client), mode="session",
                      count=self.count)

    def run(self, client):
        process = self.take_up(client)
        process.wait_complete()
        took, cpu = process.completed - process.began, process.cpu_s()
        process.end_orderly()
        return {"seconds": took, "cpu_ms": 1000 * cpu, "private": process.peak_private / MB}

    def bare(self):
        return None


class Idle(Start):
    """COUNT complete torrents and nothing to do: CPU and wake-ups in a time. One run, all
    clients at once: they are idle."""

    runs = 1

    def run_all(self, chosen):
        processes = []
        for client in chosen:
            try:
                processes.append(self.take_up(client))
                processes[-1].wait_complete()
            except Failed as error:
                print(f"  {client.name} left out: {error}", flush=True)
                processes = [process for process in processes if type(process) != client]
        time.sleep(self.bench.options.settle)
        before = [(process.cpu_s(), wakeups(process.process.pid)) for process in processes]
        time.sleep(self.bench.options.idle)
        rows = {}
        for process, (cpu, woken) in zip(processes, before):
            scale = 20 / self.bench.options.idle
            rows[type(process).name] = {
                "cpu_ms": 1000 * (process.cpu_s() - cpu) * scale,
                "wakeups": (wakeups(process.process.pid) - woken) * scale,
                "private": process.peak_private / MB}
        for process in processes:
            process.end_orderly()
        return rows


class FirstByte:
    """A tracker with ten peers: five seeds, two closed ports, two that take a connection and
    never speak, one that does not even answer. From the client's start to the moment when the
    first block leaves a seed."""

    def __init__(self, bench):
        self.bench = bench
        torrent = bench.lab.path(bench.lab.unique("payload") + ".torrent")
        self.seeder = Seeder(bench, torrent, 16 << 20, peers=5)
        self.silent, dead = [], []
        for index in range(2):
            dead.append((loopback(4, index), free_port()))
            listener = socket.create_server((loopback(5, index), 0), backlog=50)
            self.silent.append(listener)
            dead.append(listener.getsockname())
        # A full backlog: what wants to connect then gets no answer at all.
        full = socket.create_server((loopback(6, 0), 0), backlog=0)
        self.silent.append(full)
        for _ in range(8):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
            self.silent.append(caller)
        dead.append(full.getsockname())
        alive = [(address, self.seeder.port) for address in self.seeder.addresses]
        mixed = [peer for pair in zip(dead, alive) for peer in pair]
        tracker = FixedTracker(bench.lab, fixed=mixed)
        self.torrent = with_tracker(torrent, tracker.url)

    def run(self, client):
        place = self.bench.lab.new_dir("first")
        before = len(self.seeder.firsts())
        process = client(self.bench.lab, [self.torrent], os.path.join(place, "data"),
                         os.path.join(place, "home"))
        until(lambda: len(self.seeder.firsts()) > before, "a first byte")
        took = self.seeder.firsts()[before] - process.began
        process.kill()
        process.wait(10)
        until(lambda: len(self.seeder.served()) > before, "the seeder to be left", 0.02)
        shutil.rmtree(place)
        return {"seconds": took}

    def bare(self):
        return None


class Terminal:
    """bttui's interface on a pseudo-terminal while 50 peers send: the tool `keys` alone."""

    only_bttui = True

    def __init__(self, bench, *options):
        self.bench, self.options = bench, options

    def told(self, mib):
        """The numbers in the tool's line, in order."""
        here = os.path.dirname(os.path.abspath(__file__))
        done = subprocess.run(
            [sys.executable, os.path.join(here, os.pardir, "keys"),
             "--build", self.bench.options.build, "--bttui", os.environ["BTTUI"],
             "--peers", "50", "--mib", str(mib), *self.options], capture_output=True,
            text=True, check=False, env={**os.environ, "TMPDIR": self.bench.lab.dir})
        if done.returncode != 0:
            raise Failed(done.stderr[-300:])
        return [float(number) for number in re.findall(r"(?<![a-z0-9.])\d+\.?\d*", done.stdout)]

    def bare(self):
        return None


class Keys(Terminal):
    def run(self, _client):
        # Eight times the size lasts longer than the keys.
        _, keys, rate, p50, _, p99, worst = self.told(8 * self.bench.options.mib)
        return {"p50_ms": p50, "p99_ms": p99, "worst_ms": worst, "keys": keys, "mb_s": rate}


class Unread(Terminal):
    def run(self, _client):
        read, unread, part = self.told(self.bench.options.mib)
        return {"mb_s": unread, "read": read, "part": part}
