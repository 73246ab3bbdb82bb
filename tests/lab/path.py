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
enough = float(sys.argv[4])
times = []
while len(times) < count or (min(times) >= enough and len(times) < 100):
    began = time.monotonic()
    client.sendto(b"x", (address, 7))
    client.recv(2000)
    times.append(time.monotonic() - began)
print(min(times))
"""

# COUNT numbers, and as many "end" as it takes until one is back: all that was not lost came before.
ASK_MANY = """
import select, socket, sys
family, address, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = socket.socket(family, socket.SOCK_DGRAM)
back = set()
for i in range(count):
    client.sendto(b"%d" % i, (address, 7))
    while select.select([client], [], [], 0.001)[0]:
        back.add(client.recv(2000))
while b"end" not in back:
    client.sendto(b"end", (address, 7))
    while select.select([client], [], [], 0.1)[0]:
        back.add(client.recv(2000))
print(count + 1 - len(back))
"""

SEND = """
import socket, sys, time
address, size = sys.argv[1], int(sys.argv[2])
client = socket.create_connection((address, 9))
began = time.monotonic()
client.sendall(bytes(size))
client.shutdown(socket.SHUT_WR)
client.recv(1)
print(time.monotonic() - began)
"""

RECEIVE = """
import socket, sys
server = socket.create_server((sys.argv[1], 9))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    got = 0
    while data := connection.recv(1 << 20):
        got += len(data)
    print(got, flush=True)
    connection.close()
"""


MOST_S = 0.080  # for a round trip of 50 ms


def first_line(process):
    return next(process.read_lines())


def last_words(process):
    check_equal(process.wait(), 0, process.name)
    return list(map(float, process.text(process.out).splitlines()[-1].split()))


def delays_add_up(lab):
    network = Network(lab, {"a": {"delay": 20}, "b": {"delay": 5}})
    for family, address in ((2, network.address["b"]), (10, network.address6["b"])):
        first_line(network.script("b", ECHO, family, address, 0))
        # What the machine adds, it adds to some.
        round_trip_s, = last_words(network.script("a", ASK, family, address, 5, MOST_S))
        check(0.050 <= round_trip_s < MOST_S, f"{address}: {round_trip_s:.4f} s for 50 ms")
        lost, = last_words(network.script("a", ASK_MANY, family, address, 20))
        check_equal(lost, 0, f"{address}: lost")


def rates_hold(lab):
    network = Network(lab, {"a": {"up": 20 * MBIT}, "b": {}})
    receiver = network.script("b", RECEIVE, network.address["b"])
    first_line(receiver)
    size, rates = 3 << 20, []
    while len(rates) < 10 and not (rates and max(rates) > 10):  # others may slow it down
        took_s, = last_words(network.script("a", SEND, network.address["b"], size))
        rates.append(size / took_s / MBIT)
    check(10 < max(rates) < 20, f"{rates} Mbit/s of payload on a link of 20")
    check_equal(set(receiver.text(receiver.out).split()[1:]), {str(size)}, "bytes")
    told = network.end()
    check(told["a"]["sent"] > size / 1500, "packets were not counted")


def losses_are_about_what_was_asked(lab):
    network = Network(lab, {"a": {"loss": 20}, "b": {}})
    address = network.address["b"]
    first_line(network.script("b", ECHO, 2, address, 0))
    lost, = last_words(network.script("a", ASK_MANY, 2, address, 200))
    check(20 <= lost <= 65, f"{lost:.0f} of 200 were lost, not about 40")


run(delays_add_up, rates_hold, losses_are_about_what_was_asked)
