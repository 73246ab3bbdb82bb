"""A session of many seeding torrents (BTTUI_INTEROP_FULL: 1,000): how soon they are back, what
they cost while nothing happens, and that a libtorrent leecher gets each of them."""

import os
import time

from bttui import Bttui, is_sanitized
from clients import HERE, libtorrent_python
from lab import Process, check, check_equal, run, wait_until
from payload import Payload

FULL = bool(os.environ.get("BTTUI_INTEROP_FULL"))
COUNT = 1000 if FULL else 50
IDLE_S = 10 if FULL else 3


def cpu_and_wakeups(pid):
    """Seconds of CPU, and how often any of its threads woke up."""
    woken = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as status:
            woken += sum(int(line.split()[1]) for line in status
                         if line.startswith("voluntary_ctxt_switches"))
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), woken


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def wait_quiet(pid):
    """Until what the start left to do is done: a second has passed without anything."""
    def look():
        before = cpu_and_wakeups(pid)
        time.sleep(1)
        return cpu_and_wakeups(pid)[1] == before[1]
    wait_until(look, "the start to be over")


def came_back(lab, data, state):
    began = time.monotonic()
    bttui = Bttui(lab, None, data, state=state)
    wait_until(lambda: len(bttui.seen("checked")) == COUNT, "all torrents to be checked", 120)
    took = time.monotonic() - began
    check_equal(sum(event["have"] for event in bttui.seen("checked")), 2 * COUNT,
                "pieces found")
    return bttui, took


def many(lab):
    data, torrents = lab.new_dir("data"), lab.new_dir("torrents")
    payloads = [Payload(data, f"payload-{i}", [30000], piece_bytes=16384, seed=i)
                for i in range(COUNT)]
    files = [payload.torrent(os.path.join(torrents, f"{i}.torrent"))
             for i, payload in enumerate(payloads)]
    state = lab.new_dir("state")
    first = Bttui(lab, None, data, *files, state=state)
    wait_until(lambda: len(first.seen("checked")) == COUNT, "all torrents to be checked", 120)
    first.finish()
    bttui, took = came_back(lab, data, state)
    pid = bttui.process.pid
    wait_quiet(pid)
    before = cpu_and_wakeups(pid)
    time.sleep(IDLE_S)
    after = cpu_and_wakeups(pid)
    woken, memory = after[1] - before[1], resident_mib(pid)
    print(f"        {COUNT} torrents: back after {took:.2f} s; idle: {woken} wake-ups and "
          f"{1000 * (after[0] - before[0]):.0f} ms of CPU in {IDLE_S} s, {memory:.1f} MiB")
    check(woken <= 2, f"{woken} wake-ups while nothing happens")
    if not is_sanitized():
        check(memory <= 60, f"{memory:.1f} MiB of memory")
        check(took <= 3 or not FULL, f"back only after {took:.2f} s")
    target = lab.new_dir("target")
    leecher = Process(lab, "libtorrent", [
        libtorrent_python(), "-B", os.path.join(HERE, "libtorrent_many.py"), torrents, target,
        "127.0.0.1", str(bttui.port())])
    check_equal(leecher.wait(60 + COUNT), 0, "exit status of the leecher")
    wrong = [payload.name for payload in payloads if payload.differences(target)]
    check_equal(wrong, [], "torrents that differ")
    bttui.finish()


run(many, limit_s=300 + 2 * COUNT)
