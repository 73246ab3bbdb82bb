"""--proxy: a client that has every reason to speak to others. Nothing leaves its host but to the
proxy, not even a question for a name, whatever becomes of the proxy."""

import os
import signal
import time

from lab import Process, check, check_equal, program, run, wait_until
from network import enter_own_namespaces
from ways import (CAPTURE, PORT, SERVER, TCP, UDP, Net, Temptations, kind_of,
                  leaks, told)

PROXY, PROXY_PORT = "10.9.0.2", 1080
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop/lib/socks_proxy.py")
ALL = {"HTTP", "TCP peer", "DHT", "uTP", "name", "UDP tracker", "LSD", "port mapping",
       "UPnP"}


class Place:
    def __init__(self, lab, **options):
        program("ip")
        self.lab, self.net = lab, Net(lab)
        self.net.ip("server", f"addr add {PROXY}/32 dev lo")
        self.world = Temptations(lab, self.net, **options)
        self.capture = self.net.script("client", CAPTURE, "")
        self.proxy = None

    def start(self, mode="works"):
        with open(SCRIPT, encoding="utf-8") as file:
            source = file.read()
        self.proxy = self.net.script("server", source, PROXY, PROXY_PORT, mode)

    def end(self):
        self.proxy.kill()
        self.proxy.wait()

    def client(self):
        return self.world.client(f"--proxy=socks5://{PROXY}:{PROXY_PORT}")

    def asked(self):
        return [line for line in told(self.proxy) if line[0] != "ready"]

    def nothing_leaked(self):
        found = leaks(self.capture, lambda line: line["to"] == PROXY and line["protocol"] in (TCP, UDP))
        check_equal(found, [], "packets beside the proxy")
        check(self.world.sources() <= {SERVER, "fd09::1", "127.0.0.1", "::1"},
              f"asked from {self.world.sources()}")

    def start_dante(self):
        log, conf = self.lab.path("dante.log"), self.lab.path("dante.conf")
        everywhere = "from: 0.0.0.0/0 to: 0.0.0.0/0"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"""
logoutput: {log}
internal: {PROXY} port = {PROXY_PORT}
external: {SERVER}
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ {everywhere} }}
socks pass {{ {everywhere} command: connect udpassociate }}
socks pass {{ {everywhere} command: udpreply }}
""")
        open(log, "w", encoding="ascii").close()
        os.chmod(log, 0o666)
        with self.net.on("server"):
            # Below a shell that is their first process, so that all of them end with it.
            self.proxy = Process(self.lab, "danted", [
                program("unshare"), "--pid", "--fork", "--kill-child", "sh", "-c",
                f"{program('danted')} -f {conf} -p {self.lab.path('dante.pid')}; exit 1"])
        wait_until(lambda: "running" in self.proxy.text(log), "dante to start")


def warned(client, words, since=0):
    wait_until(lambda: any(words in event["message"] for event in client.seen("warning")[since:]),
               f"a warning that says: {words}")
    return len(client.seen("warning"))


def all_is_tempting(lab):
    """What the other cases look for would be seen."""
    place = Place(lab, rate="100K")
    place.world.client()
    wanted = {*ALL, "neighbour 10.1.0.99", "neighbour 10.2.0.99", "group 239.192.152.143",
              "group ff15::efc0:988f"}

    def missing():
        kinds = {kind_of(line) for line in leaks(place.capture)}
        return {kind for kind in wanted - kinds
                if not (kind.startswith("group 239") and "2 224.0.0.22" in kinds)}
    wait_until(lambda: not missing(), f"packets for {wanted}")


def through_one_that_works(lab):
    place = Place(lab)
    place.start()
    place.world.complete(place.client())
    asked = {tuple(line) for line in place.asked()}
    for wanted in (("connect", "tracker.lab.example", 8000), ("udp", "tracker.lab.example", 8000),
                   ("connect", SERVER, PORT), ("udp", SERVER, PORT), ("udp", "seed.lab.example", PORT), ("connect", "web.lab.example", 8000),
                   ("connect", "seed.lab.example", PORT)):
        check(wanted in asked, f"{wanted} was not asked of the proxy: {asked}")
    place.nothing_leaked()


def through_one_that_fails_in_every_way(lab):
    """At first it is not there, then it is useless, then it works; it hangs, and goes, under way."""
    place = Place(lab, mib=2, rate="150K")
    client, seen = place.client(), 0
    seen = warned(client, "cannot be reached")
    for mode, words in (("garbage", "does not speak SOCKS5"), ("locked", "another way to know us")):
        place.start(mode)
        seen = warned(client, words, seen)
        time.sleep(2)
        place.end()
        seen = warned(client, "cannot be reached", seen)
    place.start("refuses")
    wait_until(lambda: client.seen("tracker", ok=False), "a tracker that is not reached")
    time.sleep(2)
    check(not client.seen("piece"), "a piece came")
    place.end()
    place.start()
    client.wait_pieces(4)
    place.proxy.kill(signal.SIGSTOP)
    time.sleep(12)  # more than a connection is waited for
    place.proxy.kill(signal.SIGCONT)
    client.wait_pieces(len(client.seen("piece", ok=True)) + 2)
    place.end()
    seen = warned(client, "cannot be reached", seen)
    time.sleep(2)
    place.start()
    place.world.complete(client)
    place.nothing_leaked()


def through_one_that_relays_nothing(lab):
    """Connections go on, datagrams nowhere, and it says so."""
    place = Place(lab)
    place.start("no-udp")
    client = place.client()
    warned(client, "no DHT, no uTP and no UDP trackers")
    place.world.complete(client)
    check(not any(line[0] == "udp" for line in place.asked()), "datagrams were relayed")
    udp = leaks(place.capture, lambda line: line["protocol"] == TCP)
    check_equal(udp, [], "datagrams")
    place.nothing_leaked()


def through_one_whose_relay_breaks(lab):
    """The DHT and uTP go on by another one, and by nothing else."""
    place = Place(lab, mib=2, rate="150K")
    place.start()
    client = place.client()
    client.wait_pieces(2)
    place.end()
    place.start()  # connections are made anew at once, and so are relays
    wait_until(lambda: any(line[0] == "udp" for line in place.asked()),
               "datagrams to be relayed again")
    place.world.complete(client)
    place.nothing_leaked()


def through_dante(lab):
    place = Place(lab)
    place.start_dante()
    client = place.client()
    wait_until(lambda: client.seen("tracker", ok=True, url="udp://tracker.lab.example:8000"),
               "the UDP tracker's answer")
    place.world.complete(client)
    check(not any("datagrams" in event["message"] for event in client.seen("warning")),
          "it is said to relay nothing")
    place.nothing_leaked()


enter_own_namespaces()
run(through_dante, all_is_tempting, through_one_that_works, through_one_that_relays_nothing,
    through_one_whose_relay_breaks, through_one_that_fails_in_every_way)
