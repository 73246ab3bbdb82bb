"""Other people's clients, each as a seeder or a leecher of one torrent. All share:

    Client(lab, torrent, directory, seed=…)   starts it; a seeder has its data in DIRECTORY
    .port                                     where it listens
    .wait_complete()                          has everything
    .uploaded()                               payload bytes it says it sent

DHT: nodes to start from, (HOST, PORT) each; without it there is no DHT. Transmission must not be
on a loopback address then."""

import glob
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import time
import xmlrpc.client

from lab import Failed, Process, Skip, answer_to, check, free_port, program, wait_until
from payload import bencode, compact

HERE = os.path.dirname(os.path.abspath(__file__))


def libtorrent_python():
    """An interpreter whose libtorrent can be imported: distributions install the binding for
    theirs, which need not be the first in PATH."""
    candidates = [os.environ.get("LIBTORRENT_PYTHON"), sys.executable, "/usr/bin/python3",
                  *sorted(glob.glob("/usr/bin/python3.[0-9]*"))]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            done = subprocess.run([candidate, "-c", "import libtorrent"],
                                  capture_output=True, check=False)
            if done.returncode == 0:
                return candidate
    raise Skip("no Python with libtorrent")


class Libtorrent(Process):
    """MEET: next to nothing is sent and taken until a connection was seen: what is told of it
    then lasts, however soon all would have come."""

    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", up=0, peers=(),
                 down=0, port=None, settings=None, meet=False):
        self.port = port or free_port(host)
        shown = f"[{host}]" if ":" in host else host
        options = {"listen": f"{shown}:{self.port}", "seed": seed, "up": up, "down": down, "peers": peers,
                   "meet": meet, "settings": settings or {}}
        super().__init__(lab, "libtorrent", [
            libtorrent_python(), "-B", os.path.join(HERE, "libtorrent_peer.py"), torrent,
            directory, json.dumps(options)])
        wait_until(self._told, "libtorrent to start")

    def _told(self):
        self.must_run()
        lines = self.lines()
        return json.loads(lines[-1]) if lines else None

    def uploaded(self):
        return self._told()["uploaded"]

    def complete(self):
        return self._told()["complete"]

    def downloaded(self):
        return self._told()["downloaded"]

    def peers(self):
        """How many it is connected to."""
        return self._told()["peers"]

    def error(self):
        """Why it has stopped the torrent, or nothing."""
        return self._told()["error"]

    def encryptions(self):
        """What the connections were that it has seen so far: "plain", "header" or "rc4"."""
        return self._told()["encryptions"]

    def wait_called(self):
        """Until somebody has connected, whatever became of it."""
        wait_until(lambda: self._told()["calls"], "libtorrent to be called")

    def wait_complete(self, timeout_s=None):
        wait_until(self.complete, "libtorrent to complete", timeout_s)


class Transmission(Process):
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", port=None,
                 settings=None, dht=None):
        self.port, self.rpc_port = port or free_port(host), free_port()
        self.session_id = ""
        home = lab.new_dir("transmission-home")
        if dht is not None:  # as if it had met them
            nodes = b"".join(compact(*node) for node in dht)
            with open(os.path.join(home, "dht.dat"), "wb") as file:
                file.write(bencode({"id": os.urandom(20), "nodes": nodes}))
        settings = {
            "bind-address-ipv4": host, "bind-address-ipv6": "::1", "download-dir": directory,
            "peer-port": self.port, "rpc-port": self.rpc_port, "rpc-enabled": True,
            "rpc-bind-address": "127.0.0.1", "rpc-authentication-required": False,
            "rpc-whitelist-enabled": False, "rpc-host-whitelist-enabled": False,
            "dht-enabled": dht is not None, "lpd-enabled": False, "pex-enabled": False,
            "port-forwarding-enabled": False, "utp-enabled": False, "ratio-limit-enabled": False,
            **(settings or {}),
        }
        with open(os.path.join(home, "settings.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        super().__init__(lab, "transmission", [
            program("transmission-daemon"), "--foreground", "--log-error",
            "--config-dir", home], env={"HOME": home})
        wait_until(lambda: self._call("session-get"), "transmission to start")
        self._ask("torrent-add", filename=torrent)
        # Until it has looked at the data it hangs up on whoever calls.
        wait_until(lambda: self._torrent()["status"] in (4, 6), "transmission to begin")
        if seed:
            self.wait_complete()

    def _call(self, method, **arguments):
        self.must_run()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rpc_port}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self.session_id})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                value = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self.session_id = error.headers["X-Transmission-Session-Id"]
            return self._call(method, **arguments)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        check(value["result"] == "success", f"transmission: {method}: {value['result']}")
        return value["arguments"]

    def _ask(self, method, **arguments):
        """However long it takes: adding twice is adding once."""
        return answer_to(lambda: self._call(method, **arguments),
                         f"transmission to answer {method}")

    def _torrent(self):
        torrents = self._ask("torrent-get", fields=["leftUntilDone", "status", "uploadedEver",
                                                    "errorString"])["torrents"]
        check(torrents, "transmission did not take the torrent")
        return torrents[0]

    def uploaded(self):
        return self._torrent()["uploadedEver"]

    def wait_complete(self, timeout_s=None):
        wait_until(lambda: self._torrent()["leftUntilDone"] == 0 and
                   self._torrent()["status"] == 6, "transmission to complete", timeout_s)


class Aria2(Process):
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", dht=None,
                 more=()):
        self.port = free_port(host)
        self.seed = seed
        options = ["--check-integrity=true", "--seed-ratio=0.0"] if seed else ["--seed-time=0"]
        options += ["--enable-dht=false"] if dht is None else [
            "--enable-dht=true", f"--dht-entry-point={dht[0][0]}:{dht[0][1]}",
            f"--dht-listen-port={free_port(host)}",
            f"--dht-file-path={os.path.join(lab.new_dir('aria2'), 'dht.dat')}"]
        super().__init__(lab, "aria2c", [
            program("aria2c"), "--no-conf=true", f"--dir={directory}", f"--interface={host}",
            f"--listen-port={self.port}", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none",
            "--bt-tracker-connect-timeout=10", "--summary-interval=0",
            "--bt-detach-seed-only=false", *options, *more, torrent], env={"HOME": lab.dir})

    def wait_complete(self, timeout_s=None):
        """As a leecher it ends as soon as it has everything."""
        status = self.wait(timeout_s)
        check(status == 0, f"aria2c ended with {status}")


class _ScgiTransport(xmlrpc.client.Transport):
    """XML-RPC over SCGI on a Unix socket, as rtorrent speaks it."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def request(self, host, handler, request_body, verbose=False):
        head = f"CONTENT_LENGTH\0{len(request_body)}\0SCGI\0001\0".encode()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(self.path)
            connection.sendall(b"%d:%s," % (len(head), head) + request_body)
            answer = b""
            while data := connection.recv(65536):
                answer += data
        parser, target = self.getparser()
        parser.feed(answer.split(b"\r\n\r\n", 1)[1])
        parser.close()
        return target.close()


class Rtorrent(Process):
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", peers=(),
                 dht=None, settings=()):
        self.port = free_port(host)
        home = lab.new_dir("rtorrent-home")
        control = os.path.join(home, "rpc")
        with open(os.path.join(home, "rc"), "w", encoding="utf-8") as file:
            file.write("\n".join([
                "system.daemon.set = true", f"network.scgi.open_local = {control}",
                f"session.path.set = {home}", f"directory.default.set = {directory}",
                f"network.port_range.set = {self.port}-{self.port}",
                "network.port_random.set = no", f"network.bind_address.set = {host}",
                f"network.local_address.set = {host}",
                *(["dht.mode.set = disable"] if dht is None else
                  ["dht.mode.set = on", f"dht.port.set = {free_port(host)}"]),
                "protocol.pex.set = no", "trackers.use_udp.set = yes",
                f"log.open_file = log,{os.path.join(home, 'log')}",
                "log.add_output = info,log",
                "log.add_output = tracker_debug,log", "log.add_output = torrent_debug,log",
                "pieces.hash.on_completion.set = no", *settings, ""]))
        self.rpc = xmlrpc.client.ServerProxy("http://local", transport=_ScgiTransport(control))
        super().__init__(lab, "rtorrent", [
            program("rtorrent"), "-n", "-o", f"import={os.path.join(home, 'rc')}"],
            env={"HOME": home, "TERM": "dumb"}, cwd=home)
        wait_until(lambda: self._try("system.pid"), "rtorrent to start")
        if dht is not None:
            for address, port in dht:
                self._try("dht.add_node", "", f"{address}:{port}")
            wait_until(lambda: (self._try("dht.statistics") or {}).get("nodes", 0) > 0,
                       "rtorrent to know a node")
        self._try("load.start", "", torrent)
        wait_until(lambda: self._try("download_list", ""), "rtorrent to load the torrent")
        if torrent.startswith("magnet:"):  # it stands in until the metadata have come
            wait_until(lambda: self._is_whole(), "rtorrent to have the metadata")
        self.hash = self._first()
        wait_until(lambda: self._try("d.hashing", self.hash) == 0 and
                   self._try("d.is_active", self.hash), "rtorrent to check the data")
        for address, port in peers:
            self._try("add_peer", self.hash, f"{address}:{port}")
        if seed:
            self.wait_complete()

    def _try(self, method, *arguments):
        self.must_run()
        try:
            return getattr(self.rpc, method)(*arguments)
        except (OSError, IndexError):
            return None
        except xmlrpc.client.Fault as fault:
            raise Failed(f"rtorrent: {method}: {fault.faultString}") from None

    def _is_whole(self):
        try:
            return self._try("d.is_meta", self._first()) == 0
        except Failed:
            return False  # just then the one takes the other's place

    def _first(self):
        return (self._try("download_list", "") or [""])[0]

    def uploaded(self):
        return self._try("d.up.total", self.hash)

    def wait_complete(self, timeout_s=None):
        """One of 256 secrets that it agrees on begins with a zero, which its hash leaves out
        (libTorrent 0.13.8 counts its bytes without it): that call is in vain, and it calls
        again when its tracker was asked again."""
        asked = [time.monotonic()]

        def look():
            if time.monotonic() - asked[0] > 15:
                print("        rtorrent has to ask its tracker again")
                self._try("d.tracker_announce", self.hash)
                asked[0] = time.monotonic()
            return self._try("d.complete", self.hash)
        wait_until(look, "rtorrent to complete", timeout_s)
