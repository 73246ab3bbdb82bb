"""What a process costs, and a network of our own to measure in."""

import os
import subprocess
import threading
import time

from lab import Process
from own_network import enter_own_network


def own_network():
    """Moves this process into a network of its own with the loopback device alone, where no
    port is taken, nothing leaves the machine, and TCP uses cubic as nearly everywhere: BBR,
    the default of some systems, paces even loopback. Says where the measurement runs."""
    if not enter_own_network():
        return "the machine's own network, %s" % _congestion()
    done = [subprocess.run(["ip", "route", "change", "local", to, "dev", "lo", "table", "local",
                            "src", "127.0.0.1", "congctl", "cubic"],
                           capture_output=True, check=False).returncode
            for to in ("127.0.0.0/8", "127.0.0.1")]
    return "a network of its own, " + ("cubic" if not any(done) else _congestion())


def _congestion():
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        return file.read().strip()


def cpu_s(pid):
    """CPU time of a running process and all of its threads, in seconds; exact."""
    return time.clock_gettime((~pid << 3) | 2)


def wakeups(pid):
    """How often its threads have slept so far and were woken."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total


class Measured(Process):
    """A process of the lab whose cost is known: CPU, and the peaks of private and of all
    resident memory, looked at every 20 ms."""

    def __init__(self, lab, name, arguments, **rest):
        self.usage = None
        self.cpu_before = 0.0  # what does not count, such as an interpreter's start
        self.peak_private = self.peak_resident = 0  # bytes
        self.began = time.monotonic()
        super().__init__(lab, name, arguments, **rest)
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def running(self):
        if self.process.returncode is None:
            try:
                pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid != 0:
                self.usage = usage
                self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode is None

    def wait(self, timeout_s=None):
        deadline = time.monotonic() + (timeout_s or 120)
        while self.running():
            if time.monotonic() > deadline:
                self.must_not("does not end")
            time.sleep(0.002)
        return self.process.returncode

    def must_not(self, what):
        raise AssertionError(f"{self.name} {what}")

    def cpu_s(self):
        """Seconds of CPU so far, or in all."""
        if self.running():
            return cpu_s(self.process.pid) - self.cpu_before
        return self.usage.ru_utime + self.usage.ru_stime - self.cpu_before

    def _watch(self):
        while self.process.returncode is None:
            try:
                with open(f"/proc/{self.process.pid}/status", encoding="ascii",
                          errors="replace") as file:
                    sizes = dict(line.split(":", 1) for line in file if line.startswith("Rss")
                                 or line.startswith("VmHWM"))
                self.peak_private = max(self.peak_private, _bytes(sizes["RssAnon"]))
                self.peak_resident = max(self.peak_resident, _bytes(sizes["VmHWM"]))
            except (OSError, KeyError):
                pass
            time.sleep(0.02)


def _bytes(text):
    return int(text.split()[0]) * 1024


def machine():
    """One line on what this is measured on."""
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (f"{model}, {os.cpu_count()} cores, {pages / (1 << 30):.0f} GiB; "
            f"Linux {os.uname().release}")


def load():
    return "%.1f" % os.getloadavg()[0]
