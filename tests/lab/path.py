"""The laboratory's network itself: addresses, delay, rate and losses are what was asked for."""

from lab import check, check_equal, run
from network import MBIT, Network

ECHO = """
import socket, sys
family, address, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
server = socket.socket(family, socket.SOCK_DGRAM)
server.bind((address, 7))
print("ready", flush=True)
while True:
    data, peer = server.recvfrom(2000)
    server.sendto(data, peer)
"""

ASK = """
import socket, sys, time
family, address, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = socket.socket(family, socket.SOCK_DGRAM)
client.settimeout(2)
times, lost = [], 0
for i in range(count):
    began = time.monotonic()
    client.sendto(b"%d" % i, (address, 7))
    try:
        while client.recv(2000) != b"%d" % i:
            pass
        times.append(time.monotonic() - began)
    except TimeoutError:
        lost += 1
print(min(times), lost)
"""

SEND = """
import socket, sys
address, size = sys.argv[1], int(sys.argv[2])
client = socket.create_connection((address, 9))
client.sendall(bytes(size))
client.shutdown(socket.SHUT_WR)
client.recv(1)
"""

RECEIVE = """
import socket, sys, time
server = socket.create_server((sys.argv[1], 9))
print("ready", flush=True)
connection, _ = server.accept()
got, began = len(connection.recv(1)), time.monotonic()
while data := connection.recv(1 << 20):
    got += len(data)
print(got, time.monotonic() - began, flush=True)
"""


def first_line(process):
    return next(process.read_lines())


def last_words(process):
    check_equal(process.wait(), 0, process.name)
    return list(map(float, process.text(process.out).splitlines()[-1].split()))


def delays_add_up(lab):
    network = Network(lab, {"a": {"delay": 20}, "b": {"delay": 5}})
    for family, address in ((2, network.address["b"]), (10, network.address6["b"])):
        first_line(network.script("b", ECHO, family, address, 0))
        round_trip_s, lost = last_words(network.script("a", ASK, family, address, 5))
        check(0.050 <= round_trip_s < 0.080, f"{address}: {round_trip_s:.4f} s for 50 ms")
        check_equal(lost, 0, f"{address}: lost")


def rates_hold(lab):
    network = Network(lab, {"a": {"up": 20 * MBIT}, "b": {}})
    receiver = network.script("b", RECEIVE, network.address["b"])
    first_line(receiver)
    network.script("a", SEND, network.address["b"], 3 << 20)
    got, took_s = last_words(receiver)
    rate = got / took_s / MBIT
    check_equal(got, 3 << 20, "bytes")
    check(10 < rate < 20, f"{rate:.1f} Mbit/s of payload on a link of 20")
    told = network.end()
    check(told["a"]["sent"] > got / 1500, "packets were not counted")


def losses_are_about_what_was_asked(lab):
    network = Network(lab, {"a": {"loss": 20}, "b": {}})
    address = network.address["b"]
    first_line(network.script("b", ECHO, 2, address, 0))
    ask = ASK.replace("settimeout(2)", "settimeout(0.05)")
    _, lost = last_words(network.script("a", ask, 2, address, 200))
    check(20 <= lost <= 65, f"{lost:.0f} of 200 were lost, not about 40")


run(delays_add_up, rates_hold, losses_are_about_what_was_asked)
