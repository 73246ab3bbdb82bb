"""A SOCKS5 server (RFC 1928, 1929), in a test's own process or as a program:

    socks_proxy.py HOST PORT MODE

which prints a line of JSON for each thing it is asked for. MODE is "works", or how it fails:
"refuses" what it is asked for, "locked" to all, "garbage", "no-udp" relays no datagrams."""

import json
import select
import socket
import struct
import sys
import threading

REPLY = b"\x05%c\x00\x01" + bytes(6)
GARBAGE = b"HTTP/1.1 400 Bad\r\n\r\n"


def pump(one, other):
    ends = {one: other, other: one}
    while ends:
        for end in select.select(list(ends), [], [], 30)[0]:
            try:
                data = end.recv(65536)
                if not data:
                    raise OSError
                ends[end].sendall(data)
            except OSError:
                one.close()
                other.close()
                return


class Reader:
    """Fields from FETCH, which gives at most so many bytes."""

    def __init__(self, fetch):
        self.fetch = fetch

    def bytes(self, count):
        data = b""
        while len(data) < count:
            part = self.fetch(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def text(self):
        return self.bytes(self.bytes(1)[0]).decode()

    def address(self):
        kind = self.bytes(1)[0]
        if kind == 1:
            host = socket.inet_ntoa(self.bytes(4))
        elif kind == 4:
            host = socket.inet_ntop(socket.AF_INET6, self.bytes(16))
        else:
            host = self.text()
        return host, struct.unpack("!H", self.bytes(2))[0]


def packed(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = b"\x04" if ":" in host else b"\x01"
    return kind + socket.inet_pton(family, host) + struct.pack("!H", port)


class Proxy:
    """FAULT: bytes that it says in the place of its first answer. NAMES: the addresses of names,
    beside the system's. Whatever it is asked for is in `asked`: ("connect" or "udp", host, port).
    """

    def __init__(self, host="127.0.0.1", port=0, user=None, password=None, fault=None, mode="works",
                 names=None):
        self.user, self.password, self.fault, self.mode = user, password, fault, mode
        self.names, self.host = names or {}, host
        self.asked, self.connections, self.relayed = [], [], 0
        self.listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.hang_up()

    def hang_up(self):
        """On everybody who is there."""
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note(self, *what):
        self.asked.append(what)

    def _accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._talk(connection, Reader(connection.recv))
        except (OSError, EOFError, ValueError, struct.error):
            connection.close()

    def _let_in(self, connection, read):
        version, count = read.bytes(2)
        methods = read.bytes(count)
        if version != 5 or self.mode == "locked" or (self.user is not None and 2 not in methods):
            connection.sendall(b"\x05\xff")
            raise EOFError
        if self.user is None:
            connection.sendall(b"\x05\x00")
            return
        connection.sendall(b"\x05\x02")
        good = read.bytes(1) == b"\x01" and [read.text(), read.text()] == [self.user, self.password]
        connection.sendall(b"\x01" + (b"\x00" if good else b"\x01"))
        if not good:
            raise EOFError

    def _talk(self, connection, read):
        fault = GARBAGE if self.mode == "garbage" else self.fault
        if fault is not None:
            read.bytes(3)
            connection.sendall(fault)
            raise EOFError
        self._let_in(connection, read)
        command = read.bytes(3)[1]
        host, port = read.address()
        if self.mode == "refuses" or (self.mode == "no-udp" and command == 3):
            connection.sendall(REPLY % (2 if self.mode == "refuses" else 7))
            raise EOFError
        if command == 3:
            self._relay(connection)
            return
        self.note("connect", host, port)
        try:
            other = socket.create_connection((self.names.get(host, host), port), timeout=10)
        except OSError:
            connection.sendall(REPLY % 5)
            raise
        other.settimeout(None)  # that was for the connection to come about
        connection.sendall(REPLY % 0)
        pump(connection, other)

    def _relay(self, connection):
        """One socket for the client, one a family for the world."""
        inside = socket.socket(self.listener.family, socket.SOCK_DGRAM)
        inside.bind((self.host, 0))
        outside = {}
        for family, any_host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            outside[family] = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                outside[family].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            outside[family].bind((any_host, 0))
        sockets = [connection, inside, *outside.values()]
        # Only the port: where that is, is where the proxy is.
        connection.sendall(b"\x05\x00\x00\x01" + bytes(4) +
                           struct.pack("!H", inside.getsockname()[1]))
        client = None
        try:
            while True:
                ready = select.select(sockets, [], [])[0]
                if connection in ready and not connection.recv(64):
                    return
                if inside in ready:
                    data, client = inside.recvfrom(65536)
                    self._send_out(data, outside)
                for end in outside.values():
                    if end in ready:
                        data, sender = end.recvfrom(65536)
                        inside.sendto(b"\0\0\0" + packed(*sender[:2]) + data, client)
        finally:
            for end in (inside, *outside.values()):
                end.close()

    def _send_out(self, data, outside):
        rest = [data[3:]]

        def fetch(count):
            part, rest[0] = rest[0][:count], rest[0][count:]
            return part
        host, port = Reader(fetch).address()
        self.relayed += 1
        if ("udp", host, port) not in self.asked:
            self.note("udp", host, port)
        place = self.names.get(host, host)
        try:
            family, *_, address = socket.getaddrinfo(place, port, type=socket.SOCK_DGRAM)[0]
            outside[family].sendto(rest[0], address)
        except OSError:
            pass  # as with any network


def tell(*what):
    sys.stdout.write(json.dumps(what) + "\n")  # in one: threads tell, too
    sys.stdout.flush()


class TellingProxy(Proxy):
    def note(self, *what):
        super().note(*what)
        tell(*what)


if __name__ == "__main__":
    TellingProxy(sys.argv[1], int(sys.argv[2]), mode=sys.argv[3])
    tell("ready")
    threading.Event().wait()
