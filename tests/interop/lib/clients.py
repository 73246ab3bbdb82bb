"""Other people's clients, each as a seeder or a leecher of one torrent. All share:

    Client(lab, torrent, directory, seed=…)   starts it; a seeder has its data in DIRECTORY
    .port                                     where it listens
    .wait_complete()                          has everything
    .uploaded()                               payload bytes it says it sent"""

import glob
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import xmlrpc.client

from lab import Failed, Process, Skip, check, free_port, program, wait_until

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
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", up=0, peers=(),
                 port=None):
        self.port = port or free_port(host)
        shown = f"[{host}]" if ":" in host else host
        options = {"listen": f"{shown}:{self.port}", "seed": seed, "up": up, "peers": peers}
        super().__init__(lab, "libtorrent", [
            libtorrent_python(), "-B", os.path.join(HERE, "libtorrent_peer.py"), torrent,
            directory, json.dumps(options)])
        wait_until(self._told, "libtorrent to start")

    def _told(self):
        self.must_run()
        lines = self.text(self.out).splitlines()
        return json.loads(lines[-1]) if lines else None

    def uploaded(self):
        return self._told()["uploaded"]

    def complete(self):
        return self._told()["complete"]

    def wait_complete(self, timeout_s=None):
        wait_until(self.complete, "libtorrent to complete", timeout_s)


class Transmission(Process):
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1"):
        self.port, self.rpc_port = free_port(host), free_port()
        self.session_id = ""
        home = lab.new_dir("transmission-home")
        settings = {
            "bind-address-ipv4": host, "bind-address-ipv6": "::1", "download-dir": directory,
            "peer-port": self.port, "rpc-port": self.rpc_port, "rpc-enabled": True,
            "rpc-bind-address": "127.0.0.1", "rpc-authentication-required": False,
            "rpc-whitelist-enabled": False, "rpc-host-whitelist-enabled": False,
            "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False,
            "port-forwarding-enabled": False, "utp-enabled": False, "ratio-limit-enabled": False,
        }
        with open(os.path.join(home, "settings.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        super().__init__(lab, "transmission", [
            program("transmission-daemon"), "--foreground", "--log-error",
            "--config-dir", home], env={"HOME": home})
        wait_until(lambda: self._call("session-get"), "transmission to start")
        self._call("torrent-add", filename=torrent)
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
        except (urllib.error.URLError, ConnectionError):
            return None
        check(value["result"] == "success", f"transmission: {method}: {value['result']}")
        return value["arguments"]

    def _torrent(self):
        torrents = self._call("torrent-get", fields=["leftUntilDone", "status", "uploadedEver",
                                                     "errorString"])["torrents"]
        check(torrents, "transmission did not take the torrent")
        return torrents[0]

    def uploaded(self):
        return self._torrent()["uploadedEver"]

    def wait_complete(self, timeout_s=None):
        wait_until(lambda: self._torrent()["leftUntilDone"] == 0 and
                   self._torrent()["status"] == 6, "transmission to complete", timeout_s)


class Aria2(Process):
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1"):
        self.port = free_port(host)
        self.seed = seed
        options = ["--check-integrity=true", "--seed-ratio=0.0"] if seed else ["--seed-time=0"]
        super().__init__(lab, "aria2c", [
            program("aria2c"), "--no-conf=true", f"--dir={directory}", f"--interface={host}",
            f"--listen-port={self.port}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none",
            "--bt-tracker-connect-timeout=10", "--summary-interval=0",
            "--bt-detach-seed-only=false", *options, torrent], env={"HOME": lab.dir})

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
    def __init__(self, lab, torrent, directory, seed=False, host="127.0.0.1", peers=()):
        self.port = free_port(host)
        home = lab.new_dir("rtorrent-home")
        control = os.path.join(home, "rpc")
        with open(os.path.join(home, "rc"), "w", encoding="utf-8") as file:
            file.write("\n".join([
                "system.daemon.set = true", f"network.scgi.open_local = {control}",
                f"session.path.set = {home}", f"directory.default.set = {directory}",
                f"network.port_range.set = {self.port}-{self.port}",
                "network.port_random.set = no", f"network.bind_address.set = {host}",
                f"network.local_address.set = {host}", "dht.mode.set = disable",
                "protocol.pex.set = no", "trackers.use_udp.set = yes",
                f"log.open_file = log,{os.path.join(home, 'log')}",
                "log.add_output = info,log",
                "log.add_output = tracker_debug,log", "log.add_output = torrent_debug,log",
                "pieces.hash.on_completion.set = no", ""]))
        self.rpc = xmlrpc.client.ServerProxy("http://local", transport=_ScgiTransport(control))
        super().__init__(lab, "rtorrent", [
            program("rtorrent"), "-n", "-o", f"import={os.path.join(home, 'rc')}"],
            env={"HOME": home, "TERM": "dumb"}, cwd=home)
        wait_until(lambda: self._try("system.pid"), "rtorrent to start")
        self._try("load.start", "", torrent)
        wait_until(lambda: self._try("download_list", ""), "rtorrent to load the torrent")
        self.hash = self._try("download_list", "")[0]
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

    def uploaded(self):
        return self._try("d.up.total", self.hash)

    def wait_complete(self, timeout_s=None):
        wait_until(lambda: self._try("d.complete", self.hash), "rtorrent to complete", timeout_s)
