"""Servers of files: nginx, and one in Python that answers as it is told."""

import contextlib
import http.server
import os
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

from lab import Process, free_port, in_background, program, wait_until


def with_webseeds(payload, path, *urls):
    """PAYLOAD's torrent with a url-list (BEP 19)."""
    from payload import bencode
    with open(path, "wb") as file:
        file.write(bencode({"info": payload.info(), "url-list": list(urls)}))
    return path


class Nginx(Process):
    """Serves the files below ROOT. RATE: bytes a second and connection, 0: no limit."""

    def __init__(self, lab, root, rate=0):
        self.port, home = free_port(), lab.new_dir("nginx")
        self.access = os.path.join(home, "access")
        conf = os.path.join(home, "conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"""
daemon off; master_process off; worker_processes 1;
pid {home}/pid; error_log {home}/error;
events {{ worker_connections 256; }}
http {{
    log_format ours '$status "$request_uri" "$http_range" "$http_accept_encoding" $connection';
    access_log {self.access} ours;
    client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c;
    uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
    server {{ listen 127.0.0.1:{self.port}; root {root}; limit_rate {rate};
              location /moved/ {{ if ($request_uri ~ ^/moved/(.*)$) {{ return 302 /$1; }} }} }}
}}
""")
        super().__init__(lab, "nginx", [program("nginx"), "-e", f"{home}/error", "-p", home,
                                        "-c", conf])
        self.url = f"http://127.0.0.1:{self.port}/"
        self.marks = 0
        wait_until(self._listens, "nginx listens")

    def _listens(self):
        self.must_run()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def requests(self):
        """All that has been answered. A line is written when the answer has gone, so that one may
        be missing: nginx is asked for a mark, and sees to what came first before it."""
        self.marks += 1
        mark = f"mark-{self.marks}"
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(self.url + mark).close()
        lines = wait_until(lambda: self._lines_with(mark), "nginx to tell what it was asked for")
        return [line for line in lines if "/mark-" not in line]

    def _lines_with(self, mark):
        lines = self.text(self.access).split("\n")[:-1]
        return lines if any(mark in line for line in lines) else None

    @staticmethod
    def connections(requests):
        """How many these came over."""
        return len({line.rsplit(" ", 1)[1] for line in requests})


class WebServer:
    """Serves PAYLOAD's files; ANSWER(handler, data, first, last) replies to each request
    for a range, by default as it should. `requests` has the paths asked for."""

    def __init__(self, lab, payload, answer=None):
        self.requests, server = [], self
        self.answer = answer or WebServer.right

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = urllib.parse.unquote(self.path).lstrip("/")
                server.requests.append(path)
                given = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                try:
                    with open(os.path.join(payload.dir, path), "rb") as file:
                        data = file.read()
                except OSError:
                    data = None
                try:
                    server.answer(self, data, *(int(part) for part in given.groups()))
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64  # whoever finds no room in it knocks again a second later

        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # a client may hang up
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        in_background(self.http.serve_forever)
        lab.closers.append(self.http.shutdown)

    @staticmethod
    def reply(handler, status, body, length=None, **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def right(handler, data, first, last):
        if data is None:
            WebServer.reply(handler, 404, b"not here")
            return
        WebServer.reply(handler, 206, data[first:last + 1],
                        Content_Range=f"bytes {first}-{last}/{len(data)}")

    @staticmethod
    def trickling(rate):
        def answer(handler, data, first, last):
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            handler.send_header("Content-Length", str(last + 1 - first))
            handler.end_headers()
            for at in range(first, last + 1):
                handler.wfile.write(data[at:at + 1])
                time.sleep(1 / rate)
        return answer
