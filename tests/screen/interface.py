"""The main job on a real terminal: a download from three limited seeders is watched and
steered; sizes, suspending, help and the end leave the terminal as it was."""

import re

from bttui import bttui_path
from clients import Libtorrent
from lab import check, check_equal, run, wait_until
from payload import Payload
from terminal import Terminal
from witness import Witness

SEEDERS = 3
SEEDER_RATE = 60 << 10  # the last piece is far away, however long the rest takes
STEP = 64 << 10
STATUS = re.compile(r"\b(blocked|inactive|active|downloading)\b")
RATE = re.compile(r"([\d.]+) (B|KiB|MiB)/s")
OURS = r"KiB/s|connected of|Esc back"


def rate_of(row):
    """Bytes per second of the row's first rate: down stands before up."""
    number, unit = RATE.search(row).groups()
    return float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[unit]


def peer_rows(lines):
    """{port: (status, rate)} of the Peers table."""
    rows = {}
    for line in lines:
        address = re.search(r"127\.0\.0\.1:(\d+)", line)
        if address and STATUS.search(line) and RATE.search(line):
            rows[int(address[1])] = (STATUS.search(line)[1], rate_of(line))
    return rows


def start(lab, width, height, mib=64):
    """bttui in a terminal of that size, downloading from limited seeders."""
    payload = Payload(lab.new_dir("seed"), "payload", [mib << 20])
    torrent = payload.torrent(lab.path("payload.torrent"))
    seeders = [Libtorrent(lab, torrent, payload.dir, seed=True, up=SEEDER_RATE)
               for _ in range(SEEDERS)]
    terminal = Terminal(lab, width, height)
    peers = [f"--peer=127.0.0.1:{seeder.port}" for seeder in seeders]
    terminal.run(bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
                 f"--download-dir={lab.new_dir('target')}",
                 f"--state-dir={lab.new_dir('state')}", *peers, torrent)
    terminal.wait_for(r"D payload .*KiB/s")
    check(terminal.in_interface(), "it does not use the alternate screen")
    return terminal, {seeder.port: seeder for seeder in seeders}


def everybody(status):
    def look(lines):
        rows = peer_rows(lines)
        return len(rows) == SEEDERS and all(
            is_now == status and rate > 0 for is_now, rate in rows.values()) and rows
    return look


def pause_one_peer(terminal, seeders):
    """Nothing more comes from it, as it says itself, and its rate fades; the others go on."""
    terminal.press("Enter")
    rows = terminal.wait(everybody("downloading"), "three peers downloading")
    check_equal(set(rows), set(seeders), "the peers")
    terminal.press("g", "p")

    def one_is_blocked(lines):
        rows = peer_rows(lines)
        blocked = [port for port, row in rows.items() if row[0] == "blocked"]
        others = [row for port, row in rows.items() if port not in blocked]
        return len(blocked) == 1 and len(others) == SEEDERS - 1 and all(
            status == "downloading" and rate > 2 * rows[blocked[0]][1]
            for status, rate in others) and blocked
    [blocked] = terminal.wait(one_is_blocked, "one peer blocked, the others at work")

    def stands_still():
        before = {port: seeder.uploaded() for port, seeder in seeders.items()}
        wait_until(lambda: all(port == blocked or seeder.uploaded() >= before[port] + STEP
                               for port, seeder in seeders.items()), "the others to go on")
        return seeders[blocked].uploaded() == before[blocked]
    wait_until(stands_still, "nothing more to come from the one that is blocked")
    terminal.press("p")
    terminal.wait(everybody("downloading"), "the peer at work again")


def pieces_had(lines):
    """(what the legend says, cells of the map that are full), or None."""
    legend = next((line for line in lines if re.search(r"have \d+", line)), None)
    if legend is None:
        return None
    cells = sum(line.count("\u2588") for line in lines if re.match(r" *\d+ ", line))
    return int(re.search(r"have (\d+)", legend)[1]), cells


def piece_map_fills(terminal):
    terminal.press("2")
    had, cells = terminal.wait(pieces_had, "the piece map")

    def fuller(lines):
        now = pieces_had(lines)
        return now and now[0] >= had + 3 and now[1] >= cells + 3
    terminal.wait(fuller, "the piece map to fill")


def resizes(terminal, width, height):
    terminal.resize(20, 5)
    terminal.wait(lambda lines: re.search(r"payload +\d", "\n".join(lines)) and
                  len([x for x in lines if x]) >= 2, "the list at 20x5")
    terminal.resize(width, height)
    terminal.wait_for(r"payload|\? help")
    terminal.wait_for(r"KiB/s")


def suspends(terminal):
    terminal.press("C-z")
    terminal.wait_shell()
    terminal.check_as_before()
    terminal.type("fg")
    terminal.press("Enter")
    terminal.wait_for(r"\? help")
    terminal.wait_for("KiB/s")
    check(terminal.in_interface(), "it does not come back to the alternate screen")


def quits(terminal):
    terminal.press("1")
    terminal.wait(everybody("downloading"), "the peers again")
    with Witness(terminal.lab) as witness:
        terminal.press("Q")
        terminal.wait_shell()
        status = int(terminal.ask("echo $?"))
        check(status == 0 or witness.explains(status), f"exit status {status}")
    terminal.check_as_before()
    left = terminal.find(OURS)
    check(left is None, f"left on the ordinary screen: {left}")


def whole_story(lab, width, height):
    terminal, seeders = start(lab, width, height)
    pause_one_peer(terminal, seeders)
    piece_map_fills(terminal)
    terminal.press("?")
    terminal.wait_for("Keys")
    terminal.press("Escape")
    terminal.wait_gone("any other key closes")
    resizes(terminal, width, height)
    suspends(terminal)
    quits(terminal)


def at_80x24(lab):
    whole_story(lab, 80, 24)


def at_120x40(lab):
    whole_story(lab, 120, 40)


run(at_80x24, at_120x40)
