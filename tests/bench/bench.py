#!/usr/bin/python3
"""Measures bttui beside the bare limit and the clients that are installed: interleaved runs,
medians, ratios. docs/BENCHMARKS tells the method and how to read the tables.

    bench.py --build DIR [SCENARIO]...

The environment gives defaults: BENCH_MIB, BENCH_RUNS, BENCH_CLIENTS, BENCH_SCENARIOS, BENCH_DIR."""

import argparse
import hashlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, os.pardir, "interop", "lib")]
sys.dont_write_bytecode = True

import measure  # noqa: E402
import rivals  # noqa: E402
from lab import Failed, Lab, Skip  # noqa: E402
from pairs import Pair  # noqa: E402
from scenarios import (  # noqa: E402
    BesideIdle, Down, FirstByte, FixedTracker, Idle, Keys, Recheck, Start, Unread, Up, tool,
    with_tracker)

# Name, what it is, and which clients cannot take part.
SCENARIOS = {
    "down-1": ("download from 1 fast seed", lambda bench: Down(bench, 1)),
    "down-50": ("download from 50 fast seeds", lambda bench: Down(bench, 50)),
    "down-200": ("download from 200 fast seeds", lambda bench: Down(bench, 200)),
    "idle-1000": ("download from 1 fast seed beside 1,000 idle peers",
                  lambda bench: BesideIdle(bench, 1000)),
    "told-1000": ("the same, but the 1,000 have nothing and are told of each piece",
                  lambda bench: BesideIdle(bench, 1000, "-e")),
    "up-1": ("seeding to 1 leecher", lambda bench: Up(bench, 1)),
    "up-20": ("seeding to 20 leechers", lambda bench: Up(bench, 20)),
    "up-50": ("seeding to 50 leechers", lambda bench: Up(bench, 50)),
    "recheck": ("checking cached data of four times the size", Recheck),
    "start-1": ("start with 1 torrent until it seeds", lambda bench: Start(bench, 1)),
    "start-500": ("start with 500 torrents until all seed", lambda bench: Start(bench, 500)),
    "idle-100": ("idle with 100 seeding torrents, in 20 s", lambda bench: Idle(bench, 100)),
    "wakeups": ("idle with 1 seeding torrent, in 20 s", lambda bench: Idle(bench, 1)),
    "first-byte": ("first payload byte, half of ten peers dead", FirstByte),
    "mse": ("bttui to bttui, all of it hidden (RC4), beside plain TCP",
            lambda bench: Pair(bench, "require", "require", "rc4")),
    "mse-start": ("bttui to bttui, the beginning hidden, beside plain TCP",
                  lambda bench: Pair(bench, "prefer", "allow", "header")),
    "utp": ("bttui to bttui by uTP, beside TCP", lambda bench: Pair(bench, utp=True)),
    "keys": ("key to screen while 50 peers send", lambda bench: Keys(bench, "--keys", "60")),
    "unread": ("a terminal that nobody reads while 50 peers send",
               lambda bench: Unread(bench, "--unread", "--runs", "1")),
}
# Transmission 3.00 dials no loopback address, and is slow enough elsewhere to be asked by name.
CANNOT = {"transmission": ("down-1", "down-50", "down-200", "idle-1000", "told-1000",
                           "first-byte")}
ASKED_ONLY = {"transmission": ("up-1", "up-20", "up-50")}
COLUMNS = [  # key, heading, format, whether less is better (None: no ratio)
    ("mb_s", "MB/s", "%.0f", False), ("seconds", "s", "%.3f", True),
    ("cpu", "CPU s/GiB", "%.2f", True), ("cpu_ms", "CPU ms", "%.1f", True),
    ("wakeups", "wake-ups", "%.0f", True), ("p50_ms", "p50 ms", "%.1f", None),
    ("p99_ms", "p99 ms", "%.1f", None), ("worst_ms", "worst ms", "%.1f", None),
    ("read", "MB/s read", "%.0f", None), ("part", "part of it", "%.2f", None),
    ("keys", "keys", "%.0f", None), ("private", "private MB", "%.0f", None),
    ("resident", "resident MB", "%.0f", None), ("waste", "twice %", "%.2f", None),
    ("idle", "idle peers", "%.0f", None), ("of_plain", "of TCP's", "%.2f", None),
    ("down_cpu", "down s/GiB", "%.2f", None), ("down_part", "of TCP's", "%.2f", None),
    ("up_cpu", "up s/GiB", "%.2f", None), ("up_part", "of TCP's", "%.2f", None),
    ("both_part", "both", "%.2f", None),
]


class Bench:
    """What the scenarios share: options, the lab, and data made once."""

    def __init__(self, options):
        self.options, self.lab = options, None
        self.piece = options.piece_kib << 10
        self.payloads, self.sets, self.trackers = {}, {}, {}

    def tracker(self):
        """One that knows no peers; rtorrent takes no torrent without."""
        if self.lab not in self.trackers:
            self.trackers[self.lab] = FixedTracker(self.lab)
        return self.trackers[self.lab]

    def made(self, size):
        """A directory with a payload of SIZE bytes, and its torrent."""
        if size not in self.payloads:
            directory = self.lab.new_dir("seed")
            torrent = self.lab.path(f"seed-{size}.torrent")
            subprocess.run([tool(self, "bench_payload"), torrent, str(size), str(self.piece),
                            os.path.join(directory, "payload")], check=True)
            self.payloads[size] = directory, with_tracker(torrent, self.tracker().url)
        return self.payloads[size]

    def many(self, count):
        """A directory with COUNT small payloads, and their torrents."""
        if count not in self.sets:
            directory, torrents = self.lab.new_dir("many"), []
            for index in range(count):
                name = f"torrent-{index:03}"
                data = hashlib.sha256(name.encode()).digest() * 2048
                pieces = b"".join(hashlib.sha1(data[at:at + 16384]).digest()
                                  for at in range(0, len(data), 16384))
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(data)
                torrents.append(self.lab.path(f"{name}-of-{count}.torrent"))
                with open(torrents[-1], "wb") as file:
                    file.write(b"d4:infod6:lengthi%de4:name%d:%s12:piece lengthi16384e"
                               b"6:pieces%d:%see" % (len(data), len(name), name.encode(),
                                                     len(pieces), pieces))
                torrents[-1] = with_tracker(torrents[-1], self.tracker().url)
            self.sets[count] = directory, torrents
        return self.sets[count]


def chosen_clients(options, scenario):
    for client in rivals.ALL:
        name = client.name
        asked = name in options.clients
        if options.clients and not asked or scenario in CANNOT.get(name, ()):
            continue
        if scenario in ASKED_ONLY.get(name, ()) and not asked:
            continue
        if rivals.installed(name):
            yield client


def measured(bench, name):
    """{client's name: [row of each run]}; interleaved."""
    scenario = SCENARIOS[name][1](bench)
    clients = list(chosen_clients(bench.options, name))
    rows = {}
    if isinstance(scenario, Idle):
        return {client: [row] for client, row in scenario.run_all(clients).items()}, None
    if getattr(scenario, "only_bttui", False):
        clients = [rivals.Bttui]
    for _ in range(bench.options.runs):
        row = scenario.bare()
        if row:
            rows.setdefault("bare", []).append(row)
        for client in list(clients):
            try:
                rows.setdefault(client.name, []).append(scenario.run(client))
            except (Failed, AssertionError, OSError) as error:
                if client is rivals.Bttui:
                    raise
                print(f"  {client.name} left out: {error}", flush=True)
                clients.remove(client)
                rows.pop(client.name, None)
    calls = scenario.counted() if hasattr(scenario, "counted") and rivals.Bttui in clients \
        else None
    return rows, calls


def table(rows):
    """Lines; the ratio is of bttui to the one in the row, above 1 when bttui is better."""
    medians = {name: {key: statistics.median(row[key] for row in runs) for key in runs[0]}
               for name, runs in rows.items()}
    shown = [column for column in COLUMNS if any(column[0] in row for row in medians.values())]
    judged = next((column for column in shown if column[3] is not None), None)
    own = medians.get("bttui")
    yield "  %-17s" % "" + "".join("%13s" % column[1] for column in shown) + \
        ("%10s" % "bttui is" if judged and len(medians) > 1 else "")
    for name, row in medians.items():
        line = "  %-17s" % name + "".join(
            "%13s" % (column[2] % row[column[0]] if column[0] in row else "")
            for column in shown)
        if judged and own and name != "bttui":
            line += "%10s" % ratio(own, row, judged)
        yield line.rstrip()
    if own and judged:
        runs = [row[judged[0]] for row in rows["bttui"]]
        if len(runs) > 1:
            yield ("  bttui's runs: " + judged[2] + " … " + judged[2] + " " + judged[1]) % (
                min(runs), max(runs))


def ratio(own, row, column):
    key, _, _, less_is_better = column
    if key not in row or not row[key] or not own[key]:
        return ""
    value = row[key] / own[key] if less_is_better else own[key] / row[key]
    return "%.2f x" % value


def report(bench, names):
    options = bench.options
    place = measure.own_network() if not options.no_netns else "the machine's own network"
    print(f"{time.strftime('%Y-%m-%d')}; {measure.machine()}")
    print(f"{options.mib} MiB in pieces of {options.piece_kib} KiB, files in {options.dir}; "
          f"medians of {options.runs} runs; {place}; load before: {measure.load()}")
    for client in rivals.ALL:
        if client is not rivals.LibtorrentTuned and rivals.installed(client.name):
            print(f"  {client.name}: {rivals.version(client.name)}")
    for name in names:
        # A lab each: the files of one scenario are gone before the next begins.
        bench.lab, bench.payloads, bench.sets = Lab(), {}, {}
        print(f"\n{name}: {SCENARIOS[name][0]} (load {measure.load()})", flush=True)
        try:
            rows, calls = measured(bench, name)
            print("\n".join(table(rows)))
            if calls is not None:
                print(f"  bttui: {calls:.2f} system calls a block")
        except Skip as reason:
            print(f"  skipped: {reason}")
        finally:
            bench.lab.close()
        sys.stdout.flush()


def words(name):
    return [word for word in os.environ.get(name, "").replace(",", " ").split() if word]


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO",
                        help=", ".join(SCENARIOS) + "; all by default")
    parser.add_argument("--build", required=True, help="where bttui and the tools were built")
    parser.add_argument("--bttui", help="another bttui")
    parser.add_argument("--mib", type=int, default=int(os.environ.get("BENCH_MIB", 1024)))
    parser.add_argument("--runs", type=int, default=int(os.environ.get("BENCH_RUNS", 3)))
    parser.add_argument("--piece-kib", type=int, default=1024)
    parser.add_argument("--clients", type=lambda text: text.replace(",", " ").split(),
                        default=words("BENCH_CLIENTS"), help="only these, by commas")
    parser.add_argument("--idle", type=float, default=20, help="seconds of the idle scenarios")
    parser.add_argument("--settle", type=float, default=5, help="seconds before they are measured")
    parser.add_argument("--dir", default=os.environ.get("BENCH_DIR"), help="for the files")
    parser.add_argument("--no-netns", action="store_true",
                        help="stay in the machine's own network")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.scenarios if name not in SCENARIOS] + \
        [name for name in options.clients if name not in rivals.BY_NAME]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    if options.dir is None:
        room = shutil.disk_usage("/dev/shm").free if os.path.isdir("/dev/shm") else 0
        options.dir = "/dev/shm" if room > 10 * options.mib << 20 else tempfile.gettempdir()
    return options


def main():
    options = options_of(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    os.environ["BTTUI"] = os.path.abspath(options.bttui or os.path.join(options.build, "bttui"))
    options.build = os.path.abspath(options.build)
    tempfile.tempdir = options.dir
    report(Bench(options), options.scenarios or words("BENCH_SCENARIOS") or list(SCENARIOS))


if __name__ == "__main__":
    main()
