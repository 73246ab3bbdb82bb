"""Opentracker, and a small HTTP(S) tracker of our own that records what it is told."""

import http.server
import os
import pwd
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from lab import Failed, Process, answer_to, check, free_port, in_background, program, wait_until
from payload import bencode, compact


class Opentracker(Process):
    """Debian's is built to serve listed torrents only: PAYLOADS are listed."""

    def __init__(self, lab, *payloads):
        self.port = free_port()
        directory = lab.new_dir("opentracker-dir")
        listed = os.path.join(directory, "whitelist")
        with open(listed, "w", encoding="ascii") as file:
            file.writelines(payload.infohash.hex() + "\n" for payload in payloads)
        arguments = [program("opentracker"), "-i", "127.0.0.1", "-p", str(self.port),
                     "-P", str(self.port), "-d", directory, "-w", "whitelist"]
        if os.getuid() != 0:
            arguments += ["-u", pwd.getpwuid(os.getuid()).pw_name]
        super().__init__(lab, "opentracker", arguments, cwd=directory)
        self.http = f"http://127.0.0.1:{self.port}/announce"
        self.udp = f"udp://127.0.0.1:{self.port}/announce"
        wait_until(self._answers, "opentracker to start")

    def _answers(self):
        self.must_run()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    @staticmethod
    def _scrape(url):
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read()
        except OSError:  # also what urllib makes of it
            return None

    def counts(self, payload):
        """Seeders and leechers it knows."""
        url = (f"http://127.0.0.1:{self.port}/scrape?info_hash="
               f"{urllib.parse.quote(payload.infohash)}")
        body = answer_to(lambda: self._scrape(url), "opentracker to tell whom it knows")

        def number(key):
            mark = b"%d:%si" % (len(key), key)
            at = body.find(mark)
            return int(body[at + len(mark):].split(b"e", 1)[0]) if at >= 0 else 0
        return number(b"complete"), number(b"incomplete")

    def wait_seeders(self, payload, count=1):
        wait_until(lambda: self.counts(payload)[0] >= count, f"opentracker to know {count} seeders")

    def wait_leechers(self, payload, count=1):
        wait_until(lambda: self.counts(payload)[1] >= count, f"opentracker to know {count} leechers")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # whoever finds no room in it knocks again a second later

    def handle_error(self, request, client_address):
        pass  # a client that broke off, or that trusts our certificate as little as it should


class RecordingTracker:
    """Keeps every announce in .announces (a dict of the query, with "time") and gives out
    FIXED peers and those that announced. HOST may be an IPv6 address. CERTIFICATE: a path
    of a file with certificate and key, for https. REDIRECT: a URL that is answered instead."""

    def __init__(self, lab, host="127.0.0.1", fixed=(), certificate=None, interval=1800,
                 redirect=None):
        self.host, self.fixed, self.interval = host, list(fixed), interval
        self.announces, self.swarm, self.lock = [], {}, threading.Lock()
        tracker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = tracker.answer(self.path, self.client_address[0])
                self.send_response(302 if redirect else 200)
                if redirect:
                    self.send_header("Location", redirect)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(_Server):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self.server = Server((host, 0), Handler)
        self.port = self.server.server_address[1]
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
            scheme = "https"
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{scheme}://{shown}:{self.port}/announce"
        in_background(self.server.serve_forever)
        lab.closers.append(self.close)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path, source):
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query, encoding="latin-1",
                                            keep_blank_values=True))
        if url.path == "/scrape":
            return self.answer_scrape(query.get("info_hash", ""))
        query["time"] = time.time()
        me = (source, int(query.get("port", 0)))
        with self.lock:
            self.announces.append(query)
            swarm = self.swarm.setdefault(query.get("info_hash"), {})
            others = [peer for peer in swarm if peer != me]
            swarm[me] = int(query.get("left", 0))
            if query.get("event") == "stopped":
                del swarm[me]
        peers = [peer for peer in [*self.fixed, *others] if ":" not in peer[0]]
        peers6 = [peer for peer in [*self.fixed, *others] if ":" in peer[0]]
        return bencode({"interval": self.interval,
                        "peers": b"".join(compact(*peer) for peer in peers),
                        "peers6": b"".join(compact(*peer) for peer in peers6)})

    def answer_scrape(self, info_hash):
        with self.lock:
            left = list(self.swarm.get(info_hash, {}).values())
        counts = {"complete": left.count(0), "incomplete": len(left) - left.count(0),
                  "downloaded": 0}
        return bencode({"files": {info_hash.encode("latin-1"): counts}})

    def events(self):
        """The events told so far, in order; "" for a plain announce."""
        with self.lock:
            return [query.get("event", "") for query in self.announces]

    def wait_events(self, *events):
        wait_until(lambda: all(event in self.events() for event in events),
                   f"the tracker to be told {events}, not only {self.events()}")


def self_signed(lab, host="127.0.0.1", days=2, name=None):
    """A path with a fresh certificate for HOST that nobody vouches for, and its key. DAYS:
    for so many; -1: it has expired. NAME: that is all it says, as a common name."""
    path = lab.path(lab.unique("certificate"))
    for command in (
            ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-utf8", "-subj",
             f"/CN={name or host}",
             *([] if name else ["-addext", f"subjectAltName=IP:{host}"]),
             "-keyout", path, "-out", path + ".request"],
            ["x509", "-req", "-in", path + ".request", "-signkey", path, "-days", str(days),
             "-copy_extensions", "copy", "-out", path + ".cert"]):
        done = subprocess.run([program("openssl"), *command], capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"openssl: {done.stderr.decode()}")
    with open(path, "ab") as file, open(path + ".cert", "rb") as certificate:
        file.write(certificate.read())
    check(os.path.getsize(path) > 0, "no certificate was made")
    return path
