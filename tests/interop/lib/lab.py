"""A place for one test: a private directory, processes that never outlive it, conditions
to wait for, and the runner that a test script ends with."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SKIPPED = 77
# What is waited for comes; a bound is for what never does, and no judge of a machine's speed.
PATIENCE_S = float(os.environ.get("BTTUI_INTEROP_PATIENCE", "150"))
PR_SET_PDEATHSIG = 1
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")

_libc = ctypes.CDLL(None, use_errno=True)


class Failed(AssertionError):
    """What was expected did not come about."""


class Skip(Exception):
    """What the test needs is not on this machine."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, expected {wanted!r}")


def wait_until(condition, what, timeout_s=None):
    """Waits for CONDITION() to be true and gives its value back."""
    deadline = time.monotonic() + (timeout_s or PATIENCE_S)
    while True:
        is_last = time.monotonic() > deadline  # before it looks, however long that takes
        value = condition()
        if value:
            return value
        if is_last:
            raise Failed(f"waited in vain for: {what}")
        time.sleep(0.02)


def answer_to(ask, what):
    """What ASK() gives, once it gives anything."""
    answer = []

    def asked():
        answer[:] = [ask()]
        return answer[0] is not None
    wait_until(asked, what)
    return answer[0]


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin:/sbin")
    if path is None:
        raise Skip(f"{name} is not installed")
    return path


_taken = {}  # ports that free_port() gave, by what keeps other tests from them


def _take(port):
    """True: no other test of this network has the port, and none gets it while this one runs."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0bttui-interop-port-{port}")  # gone with the process, and no file
    except OSError:
        claim.close()
        return False
    _taken[port] = claim
    return True


def free_port(host="127.0.0.1"):
    """A port that nobody uses, for TCP and UDP. Below the range the system gives out, and
    given to no other test, which might be the first to listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        port = random.SystemRandom().randrange(10240, 32000)
        if not _take(port):
            continue
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as probe:
                    probe.bind((host, port))
            return port
        except OSError:
            continue
    raise Skip(f"no free port on {host}")


def has_ipv6():
    try:
        free_port("::1")
        return True
    except (Skip, OSError):
        return False


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program under test or beside it. Its output goes to files of the lab, so that no
    pipe can fill; `read_lines` reads standard output as it grows. BEFORE is called in the
    new process before the program begins."""

    def __init__(self, lab, name, arguments, env=None, cwd=None, before=None):
        self.name = lab.unique(name)
        self.log = os.path.join(lab.dir, f"{self.name}.err")
        self.out = os.path.join(lab.dir, f"{self.name}.out")
        self.started_at = time.time()
        self.is_fine = False  # then its logs are nobody's concern
        settings = {**os.environ, **(env or {})}

        def prepare():
            _die_with_parent()
            if before:
                before()
        with open(self.out, "wb") as out, open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*lab.prefix, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                cwd=cwd,
                env={name: value for name, value in settings.items() if value is not None},
                preexec_fn=prepare)
        lab.processes.append(self)

    def running(self):
        return self.process.poll() is None

    def status(self):
        return self.process.poll()

    def kill(self, number=signal.SIGKILL):
        if self.running():
            self.process.send_signal(number)

    def wait(self, timeout_s=None):
        try:
            return self.process.wait(timeout_s or PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} does not end") from None

    def end(self, number=signal.SIGTERM, timeout_s=None):
        self.kill(number)
        return self.wait(timeout_s)

    def wait_heedful(self):
        """Until it has said what is to be done about SIGTERM, or has ended."""
        def look():
            try:
                with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
                    masks = [int(line.split()[1], 16) for line in file
                             if line.startswith(("SigCgt:", "SigBlk:"))]
            except OSError:
                masks = []
            return not self.running() or any(mask >> signal.SIGTERM - 1 & 1 for mask in masks)
        wait_until(look, f"{self.name} to heed signals")

    def text(self, path):
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def lines(self):
        """Of standard output so far; the last may still be there by half."""
        return self.text(self.out).split("\n")[:-1]

    def must_run(self):
        check(self.running(), f"{self.name} ended early with {self.status()}")

    def read_lines(self):
        """Whole lines of standard output as they come, until the program has ended."""
        rest = b""
        with open(self.out, "rb") as file:
            while True:
                ended = not self.running()
                data = file.read()
                rest += data
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    yield line.decode("utf-8")
                if ended and not data:
                    return
                if not data:
                    time.sleep(0.01)


class Slowness:
    """How long PROCESS was kept waiting by the machine, to be taken off a bound on its own
    promptness: its first thread had something to do and no processor, or ours came late."""

    TICK_S = 0.02

    def __init__(self, process):
        self.process = process
        self.samples = [(time.time(), 0.0)]  # when, and seconds waited so far
        in_background(self._watch)

    def _queued_s(self):
        pid = self.process.process.pid
        with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9

    def _watch(self):
        late_s, queued_s = 0.0, 0.0
        while self.process.running():
            began = time.monotonic()
            time.sleep(self.TICK_S)
            late = time.monotonic() - began - self.TICK_S
            late_s += late if late > self.TICK_S / 4 else 0
            try:
                queued_s = self._queued_s()
            except (OSError, ValueError, IndexError):
                pass  # it has ended, or the kernel does not count
            self.samples.append((time.time(), late_s + queued_s))

    def waited_s(self, since, until):
        """Between two times of day."""
        samples = list(self.samples)
        before = [waited for at, waited in samples if at <= since] or [0.0]
        after = [waited for at, waited in samples if at >= until] or [samples[-1][1]]
        return after[0] - before[-1]

    def late_ms(self, bttui):
        """How late the loop of BTTUI was, without what it had to wait for: the most that it
        told of."""
        since, most = bttui.started_at, 0
        for beat in bttui.seen("heartbeat"):
            until = beat["time"]
            most = max(most, beat["lag_ms"] - 1000 * self.waited_s(since, until))
            since = until
        return most


class Lab:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="bttui-interop-")
        os.chmod(self.dir, 0o755)  # some programs give up root and must still read here
        self.processes = []
        self.closers = []
        self.names = {}
        self.lock = threading.Lock()
        self.prefix = []  # words before every command: see tests/lab/network.py

    def unique(self, name):
        with self.lock:
            self.names[name] = number = self.names.get(name, 0) + 1
        return name if number == 1 else f"{name}-{number}"

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def new_dir(self, name):
        path = self.path(self.unique(name))
        os.makedirs(path)
        return path

    def show_logs(self):
        for process in self.processes:
            if process.is_fine:
                continue
            state = "running" if process.running() else f"ended with {process.status()}"
            for path in (process.log, process.out):
                lines = process.text(path).splitlines()
                if lines:
                    print(f"--- {os.path.basename(path)} ({state}), last of {len(lines)} lines")
                    print("\n".join(line[:300] for line in lines[-25:]))

    def close(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.process.wait()
        for closer in self.closers:
            closer()
        if os.environ.get("BTTUI_INTEROP_KEEP"):
            print(f"        kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def check_sanitizers(self):
        for process in self.processes:
            text = process.text(process.log)
            check(not any(word in text for word in SANITIZER_WORDS),
                  f"{process.name}: a sanitizer complains")


def _on_signal(number, _frame):
    raise Failed(f"stopped by {signal.Signals(number).name}")


def _run_case(case):
    lab = Lab()
    began = time.monotonic()
    try:
        case(lab)
        lab.check_sanitizers()
        print(f"ok      {case.__name__} ({time.monotonic() - began:.1f} s)")
        return 0
    except Skip as reason:
        print(f"skipped {case.__name__}: {reason}")
        return SKIPPED
    except BaseException as error:  # also an interrupt: the processes must go
        if isinstance(error, Failed):
            print(f"FAILED  {case.__name__}: {error}")
        else:
            print(f"FAILED  {case.__name__}")
        traceback.print_exc(file=sys.stdout)
        lab.show_logs()
        return 1
    finally:
        signal.alarm(0)
        lab.close()
        sys.stdout.flush()


def run(*cases, limit_s=900):
    """Runs CASES in order, each in its own lab and at most LIMIT_S seconds; exits with 0,
    1, or 77 when all of them were skipped. Names on the command line choose some."""
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _on_signal)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # a shell's background has it ignored
    chosen = [case for case in cases if not sys.argv[1:] or case.__name__ in sys.argv[1:]]
    results = []
    for case in chosen:
        signal.alarm(limit_s)
        results.append(_run_case(case))
    failed, skipped = results.count(1), results.count(SKIPPED)
    print(f"{results.count(0)} passed, {failed} failed, {skipped} skipped", flush=True)
    if failed or not results:
        os._exit(1)
    os._exit(SKIPPED if skipped == len(results) else 0)


def take_connections(lab, serve):
    """Listens on a port of 127.0.0.1, which it gives, and hands each connection to SERVE,
    one after the other."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            serve(connection)
    in_background(accept)
    lab.closers.append(listener.close)
    return listener.getsockname()[1]


def in_background(target, *arguments):
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread
