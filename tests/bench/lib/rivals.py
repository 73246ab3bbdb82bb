"""Clients, all used in the same way:

    client = Client(lab, torrents, directory, home=…, peers=…, mode=…)
    client.wait_complete()   has all of every torrent (checked, downloaded or taken up again)
    client.port              where it listens
    client.end_orderly()     keeps its session in HOME

MODE is "down" (it may end by itself when complete), "seed" (data are in DIRECTORY: it checks
them) or "session" (as "seed", and kept in HOME; without torrents: it takes up what is there).
PEERS: how many connections it must allow. began: CLOCK_MONOTONIC when its work began."""

import functools
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import xmlrpc.client

import clients
from lab import Failed, free_port, program
from measure import Measured

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_S = int(os.environ.get("BENCH_PATIENCE", "300"))

libtorrent_python = functools.cache(clients.libtorrent_python)


def until(condition, what, step_s=0.003):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"waited in vain for: {what}")
        time.sleep(step_s)


class Client(Measured):
    step_s = 0.003

    def __init__(self, lab, torrents, directory, home, peers=60, mode="down",
                 count=None):
        self.torrents, self.directory, self.home = list(torrents), directory, home
        self.peers, self.mode = peers, mode
        self.count = len(self.torrents) if count is None else count
        self.port = free_port()
        os.makedirs(home, exist_ok=True)
        arguments = self.arguments()
        before = time.monotonic()
        super().__init__(lab, self.name, arguments,
                         env={"HOME": home, "LC_ALL": "C.UTF-8", "TERM": "dumb"}, cwd=home)
        self.began = before
        self.started()

    def started(self):
        """Gives it what it does not take as arguments."""

    def complete(self):
        raise NotImplementedError

    def wait_complete(self):
        def look():
            if not self.running():
                return self.ended_complete()
            return self.complete()
        until(look, f"{self.name} to have everything", self.step_s)
        self.completed = time.monotonic()

    def ended_complete(self):
        raise Failed(f"{self.name} ended with {self.status()}: {self.text(self.log)[-300:]}")

    def end_orderly(self):
        self.kill(signal.SIGTERM)
        self.wait(60)


class Bttui(Client):
    name = "bttui"

    def arguments(self):
        options = ["--exit-when-done"] if self.mode == "down" else ["--json"]
        return [os.environ["BTTUI"], "--headless", "--port", str(self.port), "--no-dht",
                "--no-lsd", "--no-portmap", "--download-dir", self.directory, "--state-dir",
                self.home, "--max-peers", str(self.peers), *options, *self.torrents]

    def started(self):
        self.at, self.ready, self.rest = 0, set(), b""

    def ended_complete(self):
        return self.status() == 0 or super().ended_complete()

    def complete(self):
        if self.mode == "down":
            return False
        with open(self.out, "rb") as file:
            file.seek(self.at)
            data = file.read()
        self.at += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] in ("checked", "completed") or event.get("state") == "seeding":
                self.ready.add(event["infohash"])
        return len(self.ready) >= self.count


class Libtorrent(Client):
    name = "libtorrent"
    tuned = False

    def arguments(self):
        return [libtorrent_python(), "-B", os.path.join(HERE, "libtorrent_client.py"),
                json.dumps({"listen": f"127.0.0.1:{self.port}", "torrents": self.torrents,
                            "directory": self.directory, "home": self.home,
                            "peers": self.peers, "tuned": self.tuned,
                            "keep": self.mode == "session"})]

    def started(self):
        until(lambda: self.text(self.out).startswith("begin") and "\n" in self.text(self.out),
              "libtorrent to be loaded", 0.001)
        self.began = time.monotonic()  # the interpreter's start is not its work
        self.cpu_before = float(self.text(self.out).split()[1])

    def complete(self):
        return "complete" in self.text(self.out)


class LibtorrentTuned(Libtorrent):
    name = "libtorrent-tuned"
    tuned = True


class Aria2(Client):
    name = "aria2"

    def arguments(self):
        self.rpc = free_port()
        given = os.path.join(self.home, "input")
        if self.torrents:
            with open(given, "w", encoding="utf-8") as file:
                file.writelines(f"{path}\n" for path in self.torrents)
        rpc = ["--enable-rpc", f"--rpc-listen-port={self.rpc}", "--rpc-listen-all=false"]
        how = {"down": ["--seed-time=0"],
               "seed": ["--check-integrity=true", "--seed-ratio=0.0", *rpc],
               # It has no notion of "complete and checked before": it is told to trust.
               "session": ["--seed-ratio=0.0", "--bt-seed-unverified=true", *rpc]}[self.mode]
        return [program("aria2c"), "--no-conf=true", "--quiet", f"--dir={self.directory}",
                f"--listen-port={self.port}", "--enable-dht=false", "--enable-dht6=false",
                "--bt-enable-lpd=false", "--enable-peer-exchange=false",
                "--file-allocation=none", f"--bt-max-peers={self.peers}",
                "--bt-detach-seed-only=false", "--max-concurrent-downloads=2000",
                "--bt-max-open-files=2000", *how, f"--input-file={given}"]

    def ended_complete(self):
        return self.status() == 0 or super().ended_complete()

    def complete(self):
        if self.mode == "down":
            return False  # it ends
        keys = ["completedLength", "totalLength", "seeder", "verifyIntegrityPending",
                "verifiedLength"]
        request = json.dumps({"jsonrpc": "2.0", "id": "1", "method": "system.multicall",
                              "params": [[
                                  {"methodName": "aria2.tellActive", "params": [keys]},
                                  {"methodName": "aria2.tellStopped",
                                   "params": [0, 2000, keys]}]]}).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rpc}/jsonrpc", request,
                                        timeout=20) as answer:
                found = json.load(answer)["result"]
        except (OSError, urllib.error.URLError):
            return False
        ready = [entry for part in found for entry in part[0]
                 if int(entry["totalLength"]) > 0 and
                 entry["completedLength"] == entry["totalLength"] and
                 "verifiedLength" not in entry and "verifyIntegrityPending" not in entry]
        return len(ready) >= self.count


class Rtorrent(Client):
    name = "rtorrent"
    step_s = 0.01

    def arguments(self):
        self.control = os.path.join(self.home, "rpc")
        config = os.path.join(self.home, "rc")
        if os.path.exists(self.control):
            os.unlink(self.control)
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join([
                "system.daemon.set = true", f"network.scgi.open_local = {self.control}",
                f"session.path.set = {self.home}", f"directory.default.set = {self.directory}",
                f"network.port_range.set = {self.port}-{self.port}",
                "network.port_random.set = no", "network.bind_address.set = 127.0.0.1",
                "network.local_address.set = 127.0.0.1", "dht.mode.set = disable",
                "protocol.pex.set = no", "pieces.hash.on_completion.set = no",
                f"throttle.min_peers.normal.set = {self.peers}",
                f"throttle.max_peers.normal.set = {self.peers}",
                f"throttle.max_peers.seed.set = {self.peers}",
                f"throttle.max_uploads.set = {self.peers}",
                f"network.max_open_sockets.set = {self.peers + 200}",
                f"network.max_open_files.set = {self.peers + 200}", ""]))
        return [program("rtorrent"), "-n", "-o", f"import={config}"]

    def started(self):
        self.server = xmlrpc.client.ServerProxy(
            "http://local", transport=clients._ScgiTransport(self.control))
        until(lambda: self.running() is False or self.call("system.pid"), "rtorrent to start")
        for torrent in self.torrents:
            self.call("load.start", "", torrent)

    def call(self, method, *arguments):
        try:
            return getattr(self.server, method)(*arguments)
        except (OSError, IndexError):
            return None

    def complete(self):
        found = self.call("d.multicall2", "", "main", "d.complete=", "d.hashing=",
                          "d.is_active=")
        return found is not None and \
            sum(row == [1, 0, 1] for row in found) >= self.count

    def end_orderly(self):
        self.call("system.shutdown.normal")
        self.wait(60)


class Transmission(Client):
    name = "transmission"
    step_s = 0.02

    def arguments(self):
        self.rpc, self.session_id = free_port(), ""
        with open(os.path.join(self.home, "settings.json"), "w", encoding="utf-8") as file:
            json.dump({
                "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1",
                "download-dir": self.directory, "peer-port": self.port, "rpc-port": self.rpc,
                "rpc-bind-address": "127.0.0.1", "rpc-whitelist-enabled": False,
                "rpc-host-whitelist-enabled": False, "dht-enabled": False,
                "lpd-enabled": False, "pex-enabled": False, "port-forwarding-enabled": False,
                "utp-enabled": False, "peer-limit-global": self.peers + 50,
                "peer-limit-per-torrent": self.peers, "download-queue-enabled": False,
                "upload-slots-per-torrent": self.peers}, file)
        return [program("transmission-daemon"), "--foreground", "--log-error",
                "--config-dir", self.home]

    def started(self):
        until(lambda: not self.running() or self.call("session-get"), "transmission to start")
        if self.torrents:
            self.began = time.monotonic()
        for torrent in self.torrents:
            self.call("torrent-add", filename=torrent)

    def call(self, method, **arguments):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rpc}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self.session_id})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["arguments"]
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self.session_id = error.headers["X-Transmission-Session-Id"]
            return self.call(method, **arguments)
        except (urllib.error.URLError, ConnectionError):
            return None

    def complete(self):
        found = self.call("torrent-get", fields=["leftUntilDone", "status", "percentDone"])
        return sum(torrent["leftUntilDone"] == 0 and torrent["status"] == 6
                   for torrent in found["torrents"]) >= self.count


class Qbittorrent(Client):
    name = "qbittorrent"
    step_s = 0.02

    def arguments(self):
        self.rpc = free_port()
        config = os.path.join(self.home, "qBittorrent", "config")
        os.makedirs(config, exist_ok=True)
        with open(os.path.join(config, "qBittorrent.conf"), "w", encoding="utf-8") as file:
            file.write(f"""[LegalNotice]
Accepted=true
[BitTorrent]
Session\\Port={self.port}
Session\\InterfaceAddress=127.0.0.1
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\BTProtocol=TCP
Session\\QueueingSystemEnabled=false
Session\\MaxActiveCheckingTorrents=100
Session\\MaxConnections={self.peers + 50}
Session\\MaxConnectionsPerTorrent={self.peers}
Session\\MaxUploads=-1
Session\\MaxUploadsPerTorrent=-1
Session\\DefaultSavePath={self.directory}
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\Port={self.rpc}
""")
        return [program("qbittorrent-nox"), f"--profile={self.home}",
                f"--webui-port={self.rpc}"]

    def started(self):
        until(lambda: not self.running() or self.call("app/version"), "qBittorrent to start")
        self.began = time.monotonic() if self.torrents else self.began
        for torrent in self.torrents:
            self.add(torrent)

    def add(self, torrent):
        mark = uuid.uuid4().hex
        with open(torrent, "rb") as file:
            body = (f"--{mark}\r\nContent-Disposition: form-data; name=\"torrents\"; "
                    f"filename=\"a.torrent\"\r\nContent-Type: application/x-bittorrent\r\n\r\n"
                    ).encode() + file.read() + f"\r\n--{mark}--\r\n".encode()
        self.call("torrents/add", body, f"multipart/form-data; boundary={mark}")

    def call(self, method, body=None, kind=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.rpc}/api/v2/{method}", body,
                                         {"Content-Type": kind} if kind else {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except (urllib.error.URLError, ConnectionError):
            return None

    def complete(self):
        found = json.loads(self.call("torrents/info") or b"[]")
        return sum(torrent["progress"] == 1 and torrent["state"] in
                   ("uploading", "stalledUP", "forcedUP") for torrent in found) >= self.count


ALL = [Bttui, Libtorrent, LibtorrentTuned, Aria2, Rtorrent, Transmission, Qbittorrent]
BY_NAME = {client.name: client for client in ALL}
PROGRAMS = {"aria2": "aria2c", "rtorrent": "rtorrent", "transmission": "transmission-daemon",
            "qbittorrent": "qbittorrent-nox"}


def installed(name):
    try:
        if name.startswith("libtorrent"):
            libtorrent_python()
        elif name != "bttui":
            program(PROGRAMS[name])
        return True
    except BaseException:  # Skip, in whatever way
        return False


def version(name):
    """One line, for the report."""
    if name.startswith("libtorrent"):
        command = [libtorrent_python(), "-c", "import libtorrent; print(libtorrent.__version__)"]
    elif name == "rtorrent":
        command = ["rtorrent", "-h"]
    else:
        command = [os.environ["BTTUI"] if name == "bttui" else PROGRAMS[name], "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0].strip() if lines else "?"
