"""Torrents by URL: from nginx, from servers that answer wrongly, through a proxy; what is wrong is
told in words and by the exit status."""

import gzip
import http.server
import os
import signal
import ssl
import subprocess
import time

from bttui import Bttui
from lab import check, check_equal, in_background, program, run, wait_until
from payload import Payload
from socks_proxy import Proxy
from web_servers import Nginx
from wire_peer import WirePeer
from witness import Witness

BOMB = gzip.compress(bytes(64 << 20))  # 64 KiB


class Site:
    """Answers with what the paths in ANSWERS say: (status, headers, body), a body without end if
    that is a function. CONTEXT: of TLS."""

    def __init__(self, lab, answers, context=None):
        self.asked, site = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                status, headers, body = answers[self.path]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    if callable(body):
                        body(self.wfile)
                    else:
                        self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None
        self.http.daemon_threads = True
        if context is not None:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        in_background(self.http.serve_forever)
        lab.closers.append(self.http.shutdown)


def endless(file):
    while True:
        file.write(b"d4:info" * 10000)


def drip(file):
    while True:
        file.write(b"d")
        file.flush()
        time.sleep(1)


def served(lab, compress=False):
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 20, 5])
    with open(payload.torrent(lab.path("payload.torrent")), "rb") as file:
        data = file.read()
    headers = {"Content-Encoding": "gzip"} if compress else {"Content-Type": "text/html"}
    return payload, (200, headers, gzip.compress(data) if compress else data)


def fetched(lab, payload, url, *options):
    peer = WirePeer(lab, payload)
    bttui = Bttui(lab, url, lab.new_dir("target"), "--exit-when-done", "--peer", peer.address,
                  *options)
    bttui.wait_done()
    check_equal(payload.differences(bttui.directory), [], "files that differ")
    return bttui


def from_nginx(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [1 << 20, 5])
    home = lab.new_dir("served")
    payload.torrent(os.path.join(home, "a b.torrent"))
    nginx = Nginx(lab, home)
    fetched(lab, payload, nginx.url + "a%20b.torrent", "--select=1-2", "--label=web")
    check_equal(len(nginx.requests()), 1, "requests")


def compressed_and_redirected(lab):
    payload, answer = served(lab, compress=True)
    site = Site(lab, {"/a": (302, {"Location": "/b"}, b""), "/b": answer})
    fetched(lab, payload, site.url + "/a")
    check_equal(site.asked, ["/a", "/b"], "requests")


def one_that_is_there_already(lab):
    """A session that has it takes the rest of the command line, and a URL beside a file is
    fine."""
    payload, answer = served(lab)
    site = Site(lab, {"/a": answer})
    state = lab.new_dir("state")
    fetched(lab, payload, site.url + "/a", f"--state-dir={state}")
    bttui = Bttui(lab, site.url + "/a", lab.new_dir("target"), f"--state-dir={state}",
                  "--exit-when-done", "--select=2", lab.path("payload.torrent"))
    check_equal(bttui.wait(), 0, "exit status")
    bttui.reader.join()
    check_equal(len(bttui.seen("added")), 1, "torrents")
    check_equal(bttui.last("progress", "total_bytes"), 5, "bytes that are wanted")


def hostile_answers(lab):
    loop = {f"/hop{n}": (302, {"Location": f"/hop{n + 1}"}, b"") for n in range(6)}
    site = Site(lab, {
        "/404": (404, {}, b"nothing here"),
        "/500": (500, {}, b""),
        "/html": (200, {}, b"<!DOCTYPE html><p>log in first"),
        "/bencode": (200, {"Content-Type": "application/x-bittorrent"}, b"d4:infod4:name1:aee"),
        "/empty": (200, {}, b""),
        "/endless": (200, {}, endless),
        "/bomb": (200, {"Content-Encoding": "gzip"}, BOMB),
        "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/to-idn": (302, {"Location": "http://127.0.0.1\u00e9/".encode().decode("latin-1")}, b""),
        **loop})
    for path, status, words in [
            ("/404", 1, "no such file (status 404): check the address"),
            ("/500", 1, "status 500"),
            ("/html", 3, "a web page came instead"),
            ("/bencode", 3, "neither length nor files"),
            ("/empty", 3, ""),
            ("/endless", 3, "larger than a .torrent file may be (32 MiB)"),  # H1
            ("/bomb", 3, "larger than a .torrent file may be (32 MiB)"),  # H5
            ("/to-file", 4, "cannot be fetched"),  # H10
            ("/to-idn", 4, "not plain"),  # H13
            ("/hop0", 1, "cannot be fetched")]:  # H9
        bttui = Bttui(lab, site.url + path, lab.new_dir("target"), "--exit-when-done")
        check_equal(bttui.wait(), status, f"exit status after {path}")
        bttui.reader.join()
        errors = [event["message"] for event in bttui.seen("error")]
        check(len(errors) == 1 and errors[0].startswith(site.url) and words in errors[0],
              f"{path}: errors {errors}")
        check(words in bttui.text(bttui.log), f"{path}: standard error")
        check_equal(os.listdir(bttui.directory), [], f"files after {path}")


def nobody_there(lab):
    bttui = Bttui(lab, "http://127.0.0.1:9/a.torrent", lab.new_dir("target"))
    check_equal(bttui.wait(), 1, "exit status")
    bttui = Bttui(lab, "http://u:p@127.0.0.1/a.torrent", lab.new_dir("target"))
    check_equal(bttui.wait(), 3, "exit status")
    check("user or password" in bttui.text(bttui.log), "why")


def a_slow_one(lab):  # H3
    site = Site(lab, {"/slow": (200, {}, drip)})
    bttui = Bttui(lab, site.url + "/slow", lab.new_dir("target"))
    check_equal(bttui.wait(), 1, "exit status")
    check("within 30 s" in bttui.text(bttui.log), "why")


def the_end_does_not_wait(lab):
    """Or it would have had to tell that nothing came within 30 s."""
    site = Site(lab, {"/slow": (200, {}, drip)})
    bttui = Bttui(lab, site.url + "/slow", lab.new_dir("target"))
    wait_until(lambda: site.asked, "the request")
    with Witness(lab) as witness:
        began = time.monotonic()
        bttui.finish(signal.SIGINT)
        took_s, lost_s = time.monotonic() - began, witness.lost_s()
    check(took_s < 5 + lost_s, f"took {took_s:.1f} s, and the machine {lost_s:.1f} s of them")
    check_equal(bttui.seen("error"), [], "errors")


def a_certificate_nobody_signed(lab):  # H14
    payload, answer = served(lab)
    key, cert = lab.path("key"), lab.path("cert")
    subprocess.run([program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    site = Site(lab, {"/a": answer}, context)
    bttui = Bttui(lab, site.url + "/a", lab.new_dir("target"))
    check_equal(bttui.wait(), 1, "exit status")
    check("certificate" in bttui.text(bttui.log), "why")
    check_equal(site.asked, [], "what was asked for")


def through_a_proxy(lab):
    payload, answer = served(lab)
    site, proxy = Site(lab, {"/a": answer}), Proxy(names={"site.test": "127.0.0.1"})
    lab.closers.append(proxy.close)
    url = site.url.replace("127.0.0.1", "site.test") + "/a"
    fetched(lab, payload, url, f"--proxy=socks5://127.0.0.1:{proxy.port}")
    check(("connect", "site.test", site.port) in proxy.asked, f"asked {proxy.asked}")


run(from_nginx, compressed_and_redirected, one_that_is_there_already, hostile_answers, nobody_there,
    a_slow_one, the_end_does_not_wait, a_certificate_nobody_signed, through_a_proxy)
