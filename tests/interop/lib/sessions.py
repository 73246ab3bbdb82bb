"""Other people's clients, each with a session of several torrents that is to be taken over:

    SESSION(lab)                           starts it
    .add(torrent, directory)               with the data that are in DIRECTORY
    .pause(infohash)
    .leave_out(infohash, file)             a file of it is not wanted
    .have()                                {infohash: bytes it has} of those that are active
    .finish()                              orderly
    .port                                  where it listens for peers
    .home                                  the directory that has the session, somewhere
    .suffix                                of the names of unfinished files"""

import base64
import json
import os
import signal
import socket
import ssl
import struct
import urllib.error
import urllib.request
import xmlrpc.client
import zlib

try:
    import rencode
except ImportError:  # comes with Deluge, for the Python it is made for
    rencode = None

import clients
from lab import (PATIENCE_S, Failed, Process, Skip, answer_to, check, check_equal, free_port,
                 program, wait_until)


class Session(Process):
    suffix, end_signal = "", signal.SIGTERM

    def finish(self):
        check_equal(self.end(self.end_signal), 0, f"{self.name}: exit status")


def open_url(request):
    """Bytes; None while nobody listens yet."""
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()
    except urllib.error.HTTPError:
        raise
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


class Transmission(Session):
    kind, suffix = "transmission", ".part"

    def __init__(self, lab, home=None):
        self.home, self.rpc_port = home or lab.new_dir("transmission"), free_port()
        self.port = free_port()
        self.session_id = ""
        settings = {
            "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1",
            "peer-port": self.port, "rpc-port": self.rpc_port,
            "rpc-bind-address": "127.0.0.1", "rpc-whitelist-enabled": False,
            "rpc-host-whitelist-enabled": False, "download-dir": self.home,
            "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False,
            "port-forwarding-enabled": False, "utp-enabled": False}
        with open(os.path.join(self.home, "settings.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        super().__init__(lab, "transmission", [
            program("transmission-daemon"), "--foreground", "--log-error", "--config-dir",
            self.home], env={"HOME": self.home})
        wait_until(lambda: self._call("session-get"), "transmission to start")

    def _call(self, method, **arguments):
        self.must_run()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rpc_port}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self.session_id})
        try:
            answer = open_url(request)
        except urllib.error.HTTPError as error:
            check_equal(error.code, 409, f"transmission: {method}")
            self.session_id = error.headers["X-Transmission-Session-Id"]
            return self._call(method, **arguments)
        return json.loads(answer)["arguments"] if answer else None

    def _ask(self, method, **arguments):
        return answer_to(lambda: self._call(method, **arguments),
                         f"transmission to answer {method}")

    def add(self, torrent, directory):
        self._ask("torrent-add", filename=torrent, **{"download-dir": directory})

    def pause(self, infohash):
        self._ask("torrent-stop", ids=[infohash])
        wait_until(lambda: self._torrents()[infohash]["status"] == 0, "transmission to pause it")

    def leave_out(self, infohash, file):
        self._ask("torrent-set", ids=[infohash], **{"files-unwanted": [file]})

    def have(self):
        return {infohash: torrent["haveValid"] for infohash, torrent in self._torrents().items()
                if torrent["status"] in (4, 6)}

    def _torrents(self):
        torrents = self._ask("torrent-get", fields=["hashString", "status", "haveValid"])
        return {torrent["hashString"]: torrent for torrent in torrents["torrents"]}


class Qbittorrent(Session):
    kind, suffix = "qbittorrent", ".!qB"

    def __init__(self, lab, settings=()):
        self.home, self.port, port = lab.new_dir("qbittorrent"), free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/api/v2/"
        os.makedirs(os.path.join(self.home, "qBittorrent/config"))
        with open(os.path.join(self.home, "qBittorrent/config/qBittorrent.conf"), "w",
                  encoding="utf-8") as file:
            file.write("\n".join([
                "[LegalNotice]", "Accepted=true", "[BitTorrent]", f"Session\\Port={self.port}",
                "Session\\Interface=lo", "Session\\DHTEnabled=false",
                "Session\\LSDEnabled=false", "Session\\PeXEnabled=false",
                "Session\\AddExtensionToIncompleteFiles=true", *settings, "[Network]",
                "PortForwardingEnabled=false", "[Preferences]", "WebUI\\LocalHostAuth=false",
                "WebUI\\Address=127.0.0.1", f"WebUI\\Port={port}", ""]))
        super().__init__(lab, "qbittorrent", [
            program("qbittorrent-nox"), f"--profile={self.home}"],
            env={"HOME": self.home, "XDG_CONFIG_HOME": None})
        wait_until(lambda: open_url(self.url + "app/version"), "qBittorrent to start")

    def _post(self, method, **fields):
        self.must_run()
        body = b""
        for name, value in fields.items():
            file = '; filename="torrent"' if isinstance(value, bytes) else ""
            value = value if isinstance(value, bytes) else str(value).encode()
            body += (f'--limit\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
                     f"\r\n").encode() + value + b"\r\n"
        return open_url(urllib.request.Request(
            self.url + method, body + b"--limit--\r\n",
            {"Content-Type": "multipart/form-data; boundary=limit"}))

    def add(self, torrent, directory):
        with open(torrent, "rb") as file:
            answer = self._post("torrents/add", torrents=file.read(), savepath=directory)
        check_equal(answer, b"Ok.", "qBittorrent: add")

    def add_link(self, link, directory):
        answer = self._post("torrents/add", urls=link, savepath=directory)
        check_equal(answer, b"Ok.", "qBittorrent: add")

    def call(self, infohash, host, port):
        """Names a peer to it."""
        self._post("torrents/addPeers", hashes=infohash, peers=f"{host}:{port}")

    def pause(self, infohash):
        """What it saves is what it is, not what it was asked to be."""
        self._post("torrents/pause", hashes=infohash)
        wait_until(lambda: "paused" in self._state(infohash), "qBittorrent to pause")

    def _state(self, infohash):
        torrents = self._info(f"?hashes={infohash}")
        return torrents[0]["state"] if torrents else ""

    def _info(self, which=""):
        return json.loads(answer_to(lambda: open_url(self.url + "torrents/info" + which),
                                    "qBittorrent to tell of its torrents"))

    def leave_out(self, infohash, file):
        self._post("torrents/filePrio", hash=infohash, id=file, priority=0)

    def have(self):
        torrents = self._info()
        return {torrent["hash"]: torrent["completed"] for torrent in torrents
                if "checking" not in torrent["state"]}


class Rtorrent(Session):
    kind, end_signal = "rtorrent", signal.SIGINT

    def __init__(self, lab):
        self.home, self.port = lab.new_dir("rtorrent"), free_port()
        control = os.path.join(self.home, "rpc")
        os.makedirs(os.path.join(self.home, "session"))
        with open(os.path.join(self.home, "rc"), "w", encoding="utf-8") as file:
            file.write("\n".join([
                "system.daemon.set = true", f"network.scgi.open_local = {control}",
                f"session.path.set = {self.home}/session",
                f"network.port_range.set = {self.port}-{self.port}", "network.port_random.set = no",
                "network.bind_address.set = 127.0.0.1", "dht.mode.set = disable",
                "protocol.pex.set = no", "pieces.hash.on_completion.set = no", ""]))
        self.rpc = xmlrpc.client.ServerProxy(
            "http://local", transport=clients._ScgiTransport(control))
        super().__init__(lab, "rtorrent", [
            program("rtorrent"), "-n", "-o", f"import={os.path.join(self.home, 'rc')}"],
            env={"HOME": self.home, "TERM": "dumb"}, cwd=self.home)
        wait_until(lambda: self._try("system.pid"), "rtorrent to start")

    def _try(self, method, *arguments):
        self.must_run()
        try:
            return getattr(self.rpc, method)(*arguments)
        except (OSError, IndexError):
            return None
        except xmlrpc.client.Fault as fault:
            raise Failed(f"rtorrent: {method}: {fault.faultString}") from None

    def add(self, torrent, directory):
        self._try("load.start", "", torrent, f"d.directory.set={directory}")

    def pause(self, infohash):
        self._try("d.stop", infohash.upper())
        self._try("d.close", infohash.upper())

    def leave_out(self, infohash, file):
        self._try("f.priority.set", f"{infohash.upper()}:f{file}", 0)
        self._try("d.update_priorities", infohash.upper())

    def have(self):
        return {infohash.lower(): self._try("d.completed_bytes", infohash)
                for infohash in self._try("download_list", "") or []
                if self._try("d.hashing", infohash) == 0 and self._try("d.is_active", infohash)}


class Deluge(Session):
    kind = "deluge"

    def __init__(self, lab):
        if rencode is None:
            raise Skip("no rencode for this Python")
        self.home, self.port, rpc_port = lab.new_dir("deluge"), free_port(), free_port()
        self.number = 0
        settings = {"dht": False, "lsd": False, "upnp": False, "natpmp": False, "utpex": False,
                    "listen_ports": [self.port, self.port], "random_port": False,
                    "listen_interface": "127.0.0.1", "daemon_port": rpc_port}
        with open(os.path.join(self.home, "core.conf"), "w", encoding="utf-8") as file:
            file.write(json.dumps({"file": 1, "format": 1}) + json.dumps(settings))
        super().__init__(lab, "deluged", [
            program("deluged"), "--do-not-daemonize", "--config", self.home, "--port",
            str(rpc_port)], env={"HOME": self.home})
        self.socket = wait_until(lambda: self._connect(rpc_port), "deluged to start")
        user, password = wait_until(self._auth, "deluged to write down who may ask")
        self._call("daemon.login", user, password, client_version="2.0.3")

    def _connect(self, port):
        self.must_run()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            return context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
        except OSError:
            return None

    def _auth(self):
        try:
            with open(os.path.join(self.home, "auth"), encoding="utf-8") as file:
                line = file.readline()
        except FileNotFoundError:
            return None
        return line.split(":")[:2] if line.endswith("\n") else None

    def _receive(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            check(more, "deluged hung up")
            data += more
        return data

    def _call(self, method, *arguments, **named):
        """Messages: version, length, then rencode within zlib."""
        self.number += 1
        body = zlib.compress(rencode.dumps([(self.number, method, arguments, named)]))
        self.socket.sendall(struct.pack("!BI", 1, len(body)) + body)
        while True:
            length = struct.unpack("!BI", self._receive(5))[1]
            kind, number, *answer = rencode.loads(
                zlib.decompress(self._receive(length)), decode_utf8=True)
            if kind != 3 and number == self.number:  # else it tells of an event
                check_equal(kind, 1, f"deluge: {method}: {answer}")
                return answer[0]

    def add(self, torrent, directory):
        with open(torrent, "rb") as file:
            data = base64.b64encode(file.read()).decode()
        return self._call("core.add_torrent_file", "a.torrent", data,
                          {"download_location": directory})

    def pause(self, infohash):
        self._call("core.pause_torrent", infohash)
        wait_until(lambda: self._torrents()[infohash]["state"] == "Paused", "deluged to pause it")

    def leave_out(self, infohash, file):
        count = len(self._call("core.get_torrent_status", infohash, ["files"])["files"])
        self._call("core.set_torrent_options", [infohash],
                   {"file_priorities": [0 if i == file else 4 for i in range(count)]})

    def have(self):
        return {infohash: torrent["total_done"] for infohash, torrent in self._torrents().items()
                if torrent["state"] not in ("Checking", "Allocating")}

    def _torrents(self):
        return self._call("core.get_torrents_status", {}, ["state", "total_done"])
