"""Networks on one machine: hosts with their own addresses, joined by links with a rate, a delay
and losses (lab_path), or as a test joins them itself. Skips where namespaces cannot be made."""

import contextlib
import json
import os
import subprocess
import sys

from lab import PATIENCE_S, Failed, Process, Skip, check, program

MBIT = 125000  # bytes a second


def path_program():
    path = os.environ.get("BTTUI_LAB_PATH")
    check(path and os.access(path, os.X_OK), "BTTUI_LAB_PATH does not name lab_path")
    return path


class Hosts:
    """`enter(name)`, the words before a command that run it on the host NAME, is of those
    below."""

    def __init__(self, lab):
        self.lab = lab

    @contextlib.contextmanager
    def on(self, name):
        """Processes of the lab that start within run on the host NAME."""
        self.lab.prefix = self.enter(name)
        try:
            yield
        finally:
            self.lab.prefix = []

    def script(self, name, source, *arguments):
        """Starts Python SOURCE on the host NAME."""
        with self.on(name):
            return Process(self.lab, f"script-{name}",
                           [sys.executable, "-c", source, *map(str, arguments)])


class BareHosts(Hosts):
    """Hosts with a loopback interface and nothing else, for a test that joins them; it must have
    begun by enter_own_namespaces(). SETUP: a command by the shell, of each before it is
    there. `made` is to be set when they are joined: what fails from then on is no network that
    cannot be had."""

    def __init__(self, lab, names, setup="true"):
        super().__init__(lab)
        program("ip")
        self.holders, self.made = {}, False
        lab.closers.append(self.close)
        for name in names:
            # pylint: disable=consider-using-with
            self.holders[name] = subprocess.Popen(
                [program("unshare"), "--net", "--mount", "--kill-child", "sh", "-c",
                 f"{setup} && ip link set lo up && echo ready && exec sleep 3600"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if self.holders[name].stdout.readline() != "ready\n":
                raise Skip(f"no network here: {self.holders[name].stderr.read().strip()}")

    def pid(self, name):
        return self.holders[name].pid

    def enter(self, name):
        return [program("nsenter"), f"--target={self.pid(name)}", "--net", "--mount"]

    def shell(self, name, command):
        return subprocess.run([*self.enter(name), "sh", "-c", command], capture_output=True,
                              text=True, check=False)

    def ip(self, name, *lines):
        done = subprocess.run([*self.enter(name), program("ip"), "-batch", "-"],
                              input="\n".join(lines), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise (Failed if self.made else Skip)(f"ip {lines}: {done.stderr.strip()}")

    def close(self):
        for holder in self.holders.values():
            holder.kill()
            holder.wait()
            holder.stdout.close()
            holder.stderr.close()


def enter_own_namespaces():
    """Who is not root is root where the networks are made, if the system allows it."""
    if os.geteuid() == 0 or subprocess.run(
            ["unshare", "-rmn", "true"], capture_output=True, check=False).returncode != 0:
        return
    os.execvp("unshare", ["unshare", "-rmn", sys.executable, *sys.argv])


class Network(Hosts):
    """HOSTS: name to a dict of lab_path's keys. `address[name]` is a host's IPv4 address,
    `address6[name]` its IPv6 one."""

    def __init__(self, lab, hosts, seed=1):
        super().__init__(lab)
        specs = [":".join([name, *(f"{key}={value}" for key, value in keys.items())])
                 for name, keys in hosts.items()]
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([path_program(), f"--seed={seed}", *specs],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        lab.closers.append(self.close)
        self.pid, self.address, self.address6 = {}, {}, {}
        for name in hosts:
            line = self.process.stdout.readline()
            if not line:
                raise Skip(f"no network here: {self.process.stderr.read().strip()}")
            told = json.loads(line)
            self.pid[name], self.address[name] = told["pid"], told["address"]
            self.address6[name] = told["address6"]

    def enter(self, name):
        user = ["--user", "--preserve-credentials"] if os.geteuid() != 0 else []
        return [program("nsenter"), f"--target={self.pid[name]}", "--net", *user]

    def congestion_control(self, name):
        """What TCP uses on the host NAME unless told otherwise."""
        command = [*self.enter(name), "cat", "/proc/sys/net/ipv4/tcp_congestion_control"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()

    def end(self):
        """Takes the network down; what each host sent and lost."""
        out, _ = self.process.communicate("", PATIENCE_S)
        return {told["host"]: told for told in map(json.loads, out.splitlines())}

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
