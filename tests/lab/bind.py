"""--bind: a host with two ways out, the better of which is the one it is tied to. That one
goes and comes back, under a download: nothing leaves by the other, not even a question for a
name, and the download goes on by itself."""

import subprocess
import sys
import time

from bttui import Bttui
from lab import check, check_equal, program, run, wait_until
from network import enter_own_namespaces
from payload import Payload
from ways import (CAPTURE, PORT, SERVER, SERVER6, SERVERS, TRACKER_PORT, Net, Temptations, leaks,
                  told)

OURS, OURS6 = "10.2.0.2", "fd02::2"


class Place:
    """Servers, a seeder behind the trackers, and a capture of the other way out. SCHEME: of
    the tracker, which is named."""

    def __init__(self, lab, scheme="http", mib=2, rate="200K"):
        program("ip")
        self.lab, self.net = lab, Net(lab)
        self.servers = self.net.script("server", SERVERS, SERVER, SERVER6, PORT, TRACKER_PORT)
        self.payload = Payload(lab.new_dir("seed"), "payload", [mib << 20], piece_bytes=1 << 16)
        announce = f"{scheme}://tracker.lab.example:{TRACKER_PORT}/announce"
        self.torrent = self.payload.torrent(lab.path("payload.torrent"), announce)
        self.rate, self.seeder = rate, None
        self.seed()
        self.other = self.net.script("client", CAPTURE, "wan0")

    def seed(self):
        with self.net.on("server"):
            self.seeder = Bttui(self.lab, self.payload.torrent(self.lab.path("seed.torrent")),
                                self.payload.dir, f"--max-up={self.rate}", port=PORT,
                                name="seeder").seeding()

    def leech(self, bind, *options):
        with self.net.on("client"):
            return Bttui(self.lab, self.torrent, self.lab.new_dir("target"),
                         *([f"--bind={bind}"] if bind else []), *options, name="leecher")

    def leaked(self):
        return leaks(self.other)

    def nothing_leaked(self, *sources):
        """And whoever was asked anything was asked from one of SOURCES."""
        check_equal(self.leaked(), [], "packets that left by the other interface")
        for line in told(self.servers):
            check(line["what"] == "ready" or line["source"] in sources, f"{line}, not from {sources}")

    def asked(self, what):
        return [line for line in told(self.servers) if line["what"] == what]

    def complete(self, leecher):
        leecher.wait_event("completed")
        check(not any("sandbox" in event["message"] for event in leecher.seen("warning")),
              "the sandbox is in the way")
        check_equal(self.payload.differences(leecher.directory), [], "files that differ")
        leecher.finish()


def away(leecher, words):
    """It says so, and keeps quiet."""
    wait_until(lambda: any(words in event["message"] for event in leecher.seen("warning")),
               f"a warning that says: {words}")
    comes_to_rest(leecher)
    leecher.must_run()


def comes_to_rest(leecher):
    """What had come is verified yet, then nothing more comes: without all."""
    def rests():
        pieces = len(leecher.seen("piece", ok=True))
        time.sleep(2)
        return len(leecher.seen("piece", ok=True)) == pieces
    wait_until(rests, "no more pieces to come")
    check(not leecher.seen("completed"), "it goes on while nothing is sent")


def goes_and_comes_back(place, bind, go, come, words, sources, *options):
    leecher = place.leech(bind, *options)
    leecher.wait_pieces(4)
    go()
    away(leecher, words)
    place.seeder.finish()  # it would take us for a twin of the one it has not seen going
    place.rate = "0"
    place.seed()
    come()
    place.complete(leecher)
    place.nothing_leaked(*sources)


def the_other_way_is_there(lab):
    """What the other cases look for would be seen."""
    place = Place(lab)
    place.net.ip("client", "link set vpn0 down")
    place.leech(None)
    wait_until(place.leaked, "packets by the other interface")


def an_interface_goes_down_and_up(lab):
    place = Place(lab)
    goes_and_comes_back(place, "vpn0", lambda: place.net.ip("client", "link set vpn0 down"),
                        place.net.up, "vpn0, which is down", (OURS, OURS6))
    check(place.asked("name") and place.asked("http"), "nobody was asked")
    check(any(line["host"].startswith("second.") for line in place.asked("http")),
          "the redirect was not followed")


def an_interface_is_deleted_and_made_anew(lab):
    place = Place(lab, scheme="udp")
    goes_and_comes_back(place, "vpn0", lambda: place.net.ip("client", "link del vpn0"),
                        lambda: place.net.join("vpn", 2), "vpn0, which is not there",
                        (OURS, OURS6), f"--peer=seed.lab.example:{PORT}")
    check(place.asked("udp"), "the UDP tracker was not asked")


def an_ipv4_address_goes_and_comes_back(lab):
    """And IPv6 is not spoken at all."""
    place = Place(lab)
    goes_and_comes_back(place, OURS,
                        lambda: place.net.ip("client", f"addr del {OURS}/24 dev vpn0"),
                        place.net.up, f"{OURS}, which is not there", (OURS,))


def the_interface_of_an_ipv4_address_goes_down_and_up(lab):
    """The address is still there, and routes lead elsewhere."""
    place = Place(lab)
    goes_and_comes_back(place, OURS, lambda: place.net.ip("client", "link set vpn0 down"),
                        place.net.up, f"{OURS}, whose interface is down", (OURS,))


def an_ipv6_address_goes_and_comes_back(lab):
    place = Place(lab)
    goes_and_comes_back(place, OURS6,
                        lambda: place.net.ip("client", f"addr del {OURS6}/64 dev vpn0"),
                        place.net.up, f"{OURS6}, which is not there", (OURS6,))


def one_that_is_down_at_the_start_is_waited_for(lab):
    place = Place(lab, mib=1, rate="0")
    place.net.ip("client", "link set vpn0 down")
    leecher = place.leech("vpn0")
    away(leecher, "vpn0, which is down")
    place.net.up()
    place.complete(leecher)
    place.nothing_leaked(OURS, OURS6)


def peers_that_come_find_the_same_port_again(lab):
    place = Place(lab, mib=1, rate="0")
    leecher = place.leech("vpn0")
    port = leecher.port()
    leecher.wait_event("completed")
    ask = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]))"

    def is_open(address, within_s=30):
        return subprocess.run([*place.net.enter("server"), sys.executable, "-c", ask, address,
                               str(port), str(within_s)], capture_output=True,
                              check=False).returncode == 0
    for address in (OURS, OURS6):
        check(is_open(address), f"{address} is closed")
    check(not is_open("10.1.0.2", 2), "the other interface is open")
    place.net.ip("client", "link del vpn0")
    place.net.join("vpn", 2)
    for address in (OURS, OURS6):
        wait_until(lambda at=address: is_open(at), f"{address} to open again")
    check(not is_open("10.1.0.2", 2), "the other interface is open")
    leecher.finish()


# Whether a port answers by TCP, and by uTP (its SYN) from the address that was asked.
REACH = """
import socket, sys
address = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
within_s = int(sys.argv[3])
socket.create_connection(address, within_s).close()
with socket.socket(family, socket.SOCK_DGRAM) as caller:
    caller.settimeout(within_s)
    caller.connect(address)
    caller.send(bytes.fromhex("41001234 00000000 00000000 00100000 00010000"))
    if caller.recv(100)[0] != 0x21:
        sys.exit(1)
"""


def every_address_of_the_interface_is_listened_on(lab):
    """Of both families, and of those that come and go meanwhile."""
    place = Place(lab, mib=1, rate="0")

    def change(what, number):
        place.net.ip("client", f"addr {what} 10.2.0.{number}/24 dev vpn0",
                     f"addr {what} fd02::{number}/64 dev vpn0{' nodad' * (what == 'add')}")

    def reaches(address, within_s=30):
        return subprocess.run([*place.net.enter("server"), sys.executable, "-c", REACH, address,
                               str(port), str(within_s)], capture_output=True,
                              check=False).returncode == 0

    def answers(*numbers):
        for number in numbers:
            for address in (f"10.2.0.{number}", f"fd02::{number}"):
                check(reaches(address), f"{address} does not answer")
    change("add", 3)
    leecher = place.leech("vpn0")
    port = leecher.port()
    answers(2, 3)
    change("add", 4)
    answers(4, 3, 2)
    change("del", 3)
    answers(2, 4)
    place.nothing_leaked(*(f"{net}{number}" for net in ("10.2.0.", "fd02::") for number in (2, 3, 4)))
    check(not reaches("10.1.0.2", 2), "the other interface is open")
    leecher.wait_event("completed")
    leecher.finish()


def everything_is_tempting(lab, bind, go, sources):
    """Trackers, DHT, LSD, uTP, a magnet link, a web seed, peers by name and on the other
    network: all at once, while what it is tied to goes, and comes back."""
    program("ip")
    net = Net(lab)
    world = Temptations(lab, net, mib=2, rate="500K")
    captures = [net.script("client", CAPTURE, interface) for interface in ("wan0", "lo")]
    client = world.client(f"--bind={bind}")
    client.wait_pieces(4)
    go(net)
    wait_until(lambda: any("nothing is sent" in event["message"] for event in client.seen("warning")),
               "a warning that nothing is sent")
    time.sleep(3)
    net.up()
    world.complete(client)
    for capture in captures:  # what goes to ourselves does not leave
        check_equal(leaks(capture, lambda line: line.get("source") == line["to"]), [],
                    "packets that left elsewhere")
    check(world.sources() <= {*sources, SERVER, SERVER6}, f"asked from {world.sources()}")


def an_interface_among_temptations(lab):
    everything_is_tempting(lab, "vpn0", lambda net: net.ip("client", "link set vpn0 down"),
                           (OURS, OURS6))


def an_address_among_temptations(lab):
    everything_is_tempting(lab, OURS, lambda net: net.ip("client", f"addr del {OURS}/24 dev vpn0"),
                           (OURS,))


enter_own_namespaces()
run(an_interface_among_temptations, an_address_among_temptations, the_other_way_is_there, an_interface_goes_down_and_up,
    an_interface_is_deleted_and_made_anew, an_ipv4_address_goes_and_comes_back,
    the_interface_of_an_ipv4_address_goes_down_and_up, an_ipv6_address_goes_and_comes_back,
    one_that_is_down_at_the_start_is_waited_for, every_address_of_the_interface_is_listened_on,
    peers_that_come_find_the_same_port_again)
