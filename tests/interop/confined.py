"""Less of everything than it would like: limits of the system, an odd environment, kernels
without a sandbox, root and nobody."""

import ctypes
import json
import os
import resource
import struct

from bttui import Bttui, bttui_path, is_sanitized
from lab import Process, Skip, check, check_equal, program, run, take_connections, wait_until
from payload import Payload
from trackers import RecordingTracker, self_signed
from wire_peer import WirePeer

# A limit of processes counts all of a user's: trackers of other tests are nobody's, too.
NOBODY = 20000 + os.getpid() % 40000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
ENOSYS = 38
_libc = ctypes.CDLL(None, use_errno=True)


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def given_to_nobody(path):
    os.chown(path, NOBODY, NOBODY)
    return path


def needs_root():
    if os.geteuid() != 0:
        raise Skip("only root can set this up")


def small(lab):
    payload = Payload(lab.new_dir("seed"), "payload", [300000, 0, 70000, 5])
    return payload, payload.torrent(lab.path("payload.torrent"))


def downloads(lab, before=None, env=None, options=(), name="bttui"):
    """A whole download under BEFORE; gives the one that did it."""
    payload, torrent = small(lab)
    peer, target, state = WirePeer(lab, payload), lab.new_dir("target"), lab.new_dir("state")
    bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done", *options,
                  state=state, before=before, env=env, name=name)
    bttui.wait_done()
    check_equal(payload.differences(target), [], "files that differ")
    return bttui


def refused(bttui, *words):
    check_equal(bttui.wait(), 2, f"{bttui.name}: exit status")
    said = bttui.text(bttui.log)
    for word in words:
        check(word in said, f"{bttui.name} does not say {word!r}: {said!r}")


def cpu_s_of_children():
    """Of those that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def few_and_many_descriptors(lab):  # O6
    refused(Bttui(lab, None, lab.new_dir("few"), before=limit(resource.RLIMIT_NOFILE, 16)),
            "at least 32", "16")
    many = min(1 << 20, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    for count in (32, 64, 256, many):
        began = cpu_s_of_children()
        downloads(lab, limit(resource.RLIMIT_NOFILE, count))
        used = cpu_s_of_children() - began
    check(used < 5, f"{used:.1f} s of a processor with {many} descriptors")
    print(f"        up to {many} descriptors, {used:.2f} s of a processor with them")


def little_memory(lab):  # O5
    if is_sanitized():
        raise Skip("sanitizers take terabytes of addresses")
    worked, least = [], None
    for mebibytes in (32, 48, 64, 96, 128, 192, 256, 512):
        payload, torrent = small(lab)
        peer, target = WirePeer(lab, payload), lab.new_dir("target")
        bttui = Bttui(lab, torrent, target, "--peer", peer.address, "--exit-when-done",
                      before=limit(resource.RLIMIT_AS, mebibytes << 20))
        status = bttui.wait()
        said = bttui.text(bttui.log)
        if "error while loading shared libraries" in said:
            continue  # it never began
        worked.append(status == 0)
        least = least or (mebibytes if status == 0 else None)
        check(status in (0, 2), f"{mebibytes} MiB: exit status {status}: {said}")
        check(status == 0 or "bttui: " in said, f"{mebibytes} MiB: ends without a word")
        check(status != 0 or not payload.differences(target), f"{mebibytes} MiB: wrong data")
    check(worked and worked[-1], "not even 512 MiB are enough")
    print(f"        works from {least} MiB of addresses on")


def few_threads_and_little_stack(lab):  # O7
    downloads(lab, limit(resource.RLIMIT_CORE, 0))
    if not is_sanitized():
        downloads(lab, limit(resource.RLIMIT_STACK, 64 << 10))
    needs_root()
    for count in (1, 2, 3, 8):
        def before(processes=count):
            become_nobody()
            resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
        payload, torrent = small(lab)
        target = given_to_nobody(lab.new_dir("target"))
        state = given_to_nobody(lab.new_dir("state"))
        bttui = Bttui(lab, torrent, target, "--peer", WirePeer(lab, payload).address,
                      "--exit-when-done", state=state, before=before,
                      env={"ASAN_OPTIONS": "detect_leaks=0"})  # which takes a process
        status = bttui.wait()
        check(status in (0, 2), f"{count} threads: exit status {status}")
        check(status == 0 or "thread" in bttui.text(bttui.log), f"{count} threads: not told why")
        check(status == 0 or count < 3, f"{count} threads are not enough")


def without_randomness(lab):  # O18
    refused(Process(lab, "traced", [
        program("strace"), "-f", "-qq", "-o", "/dev/null", "-e", "trace=getrandom",
        "-e", "inject=getrandom:error=ENOSYS", bttui_path(), "--headless", "--sandbox=off",
        "-s", lab.new_dir("state"), "-d", lab.new_dir("target")],
        env={"ASAN_OPTIONS": "detect_leaks=0"}), "getrandom")


def without_certificates(lab):  # O19
    """A mount namespace of its own in which no authority is known: https fails with a
    reason, http goes on."""
    needs_root()
    payload, _ = small(lab)
    secure, plain = RecordingTracker(lab, certificate=self_signed(lab)), RecordingTracker(lab)
    torrent = payload.torrent(lab.path("two.torrent"), secure.url, plain.url)
    empty = lab.new_dir("empty")
    hide = "; ".join(f"[ ! -d {path} ] || mount --bind {empty} {path}"
                     for path in ("/etc/ssl", "/etc/pki", "/usr/lib/ssl"))
    process = Process(lab, "unshared", [
        program("unshare"), "-m", "sh", "-c", f"{hide}; exec \"$@\"", "sh", bttui_path(),
        "--headless", "--json", "-s", lab.new_dir("state"), "-d", payload.dir, torrent],
        env={"LC_ALL": "C.UTF-8"})
    wait_until(lambda: "started" in plain.events(), "the plain tracker to be told")
    wait_until(lambda: '"ok":false' in process.text(process.out), "the secure tracker to fail")
    check_equal(secure.events(), [], "told without a certificate")
    check_equal(process.end(), 0, "exit status")


EVIL_NAME = "\x1b]0;owned\x07\x9b31m\u202e\u2066name\r"


def certificates(lab):  # H9, H14, H27, C17
    """A mount namespace of its own in which these certificates are trusted: only the right
    one is good enough, and nobody is led from https to http. What a certificate calls
    itself is told without what a terminal would obey, and no passkey with it."""
    needs_root()
    payload, _ = small(lab)
    plain = RecordingTracker(lab)
    right, wrong_host, expired, evil, leads_away = (
        self_signed(lab), self_signed(lab, host="127.0.0.9"), self_signed(lab, days=-1),
        self_signed(lab, name=EVIL_NAME), self_signed(lab))
    trackers = [RecordingTracker(lab, certificate=path, redirect=redirect)
                for path, redirect in ((right, None), (wrong_host, None), (expired, None),
                                       (evil, None), (leads_away, plain.url))]
    torrent = payload.torrent(lab.path("tls.torrent"),
                              *[each.url + "?passkey=0123456789abcdef" for each in trackers])
    trusted = lab.new_dir("trusted")
    with open(os.path.join(trusted, "ca-certificates.crt"), "wb") as all_of_them:
        for path in (right, wrong_host, expired, evil, leads_away):
            with open(path + ".cert", "rb") as one:
                all_of_them.write(one.read())
    process = Process(lab, "unshared", [
        program("unshare"), "-m", "sh", "-c", f"mount --bind {trusted} /etc/ssl/certs; exec \"$@\"",
        "sh", bttui_path(), "--headless", "--json", "-s", lab.new_dir("state"),
        "-d", payload.dir, torrent], env={"LC_ALL": "C.UTF-8"})

    def told(url):
        return [event for event in map(json.loads, process.lines())
                if event["event"] == "tracker" and event["url"].startswith(url)]

    wait_until(lambda: all(told(tracker.url) for tracker in trackers), "each to be told of")
    check_equal([told(tracker.url)[0]["ok"] for tracker in trackers],
                [True, False, False, False, False], "which trackers are good enough")
    message = told(trackers[3].url)[0]["message"]
    check("owned" in message, f"the name is not told: {message!r}")
    check(message.isprintable(), f"{message!r}")
    for said in (process.text(process.out), process.text(process.log)):
        check("0123456789abcdef" not in said, "the passkey is told")
    for tracker in trackers[1:4]:
        message = told(tracker.url)[0]["message"].lower()
        check("certificate" in message, f"no reason: {message!r}")
        check_equal(tracker.events(), [], "what an impostor was told")
    check_equal(plain.events(), [], "what was told in clear")
    check_equal(process.end(), 0, "exit status")


class Proxy:
    """Records that somebody came."""

    def __init__(self, lab):
        self.seen = 0
        self.url = f"http://127.0.0.1:{take_connections(lab, self._serve)}"

    def _serve(self, connection):
        self.seen += 1
        connection.close()


def an_odd_environment(lab):  # O20, H29
    """What the manual does not name changes nothing."""
    proxy, target = Proxy(lab), lab.new_dir("target")
    payload = Payload(lab.new_dir("seed"), "payload", [300000])
    tracker = RecordingTracker(lab, fixed=[("127.0.0.1", WirePeer(lab, payload).port)])
    torrent = payload.torrent(lab.path("payload.torrent"), tracker.url)
    odd = {name: proxy.url for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY",
                                        "HTTPS_PROXY", "ALL_PROXY")}
    odd |= {"CURL_CA_BUNDLE": "/dev/zero", "SSL_CERT_FILE": "/dev/zero", "SSL_CERT_DIR": "/dev",
            "CURL_HOME": "/dev", "NETRC": "/dev/zero", "TERMINFO": "/dev/zero", "COLUMNS": "-1",
            "LINES": "99999999", "NCURSES_NO_SETBUF": "x", "PATH": "", "TZ": "/dev/zero",
            "MALLOC_PERTURB_": "17", "LANGUAGE": "../../../etc", "LC_ALL": "no_SUCH.charset",
            "POSIXLY_CORRECT": "1", "LONG": "x" * 100000}
    bttui = Bttui(lab, torrent, target, "--exit-when-done", env=odd)
    bttui.wait_done()  # by the tracker's peer, so the tracker was reached
    check_equal(payload.differences(target), [], "files that differ")
    check_equal(proxy.seen, 0, "visits to the proxy")
    for home in (None, "relative/home", "", "/" + "x" * 5000):
        process = Process(lab, "homeless", [bttui_path(), "--headless", "-d", target],
                          env={"HOME": home, "XDG_STATE_HOME": None, "LC_ALL": "C"})
        refused(process, "bttui: ")
        check(home and home[0] == "/" or "--state-dir" in process.text(process.log),
              "not told what to do without HOME")
    kept = Bttui(lab, None, target, env={"HOME": None, "XDG_STATE_HOME": None})
    kept.wait_event("listening")
    kept.finish()


def root_and_nobody(lab):  # O21, O24, R18, H27
    """Root is warned once; another process of the same user cannot read the memory; and a
    user without rights has a whole sandbox, too."""
    needs_root()
    bttui = Bttui(lab, None, lab.new_dir("target"))
    bttui.wait_event("listening")
    bttui.finish()
    check_equal(bttui.text(bttui.log).count("root"), 1, "warnings of root")
    state = given_to_nobody(lab.new_dir("state"))
    target = given_to_nobody(lab.new_dir("target"))
    bttui = Bttui(lab, None, target, state=state, before=become_nobody)
    bttui.wait_event("listening")
    check("root" not in bttui.text(bttui.log), "nobody is taken for root")
    wait_until(lambda: is_confined(bttui.process.pid), "the sandbox")
    reader = Process(lab, "reader", ["/bin/sh", "-c", f"cat /proc/{bttui.process.pid}/environ"],
                     before=become_nobody)
    status = reader.wait()
    check(is_sanitized() or status != 0, "its memory can be read")
    bttui.finish()


def status_of(path):
    with open(path, encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def is_confined(pid):
    try:
        tasks = [status_of(f"/proc/{pid}/task/{task}/status")
                 for task in os.listdir(f"/proc/{pid}/task")]
    except (FileNotFoundError, ProcessLookupError):  # one has just ended
        return False
    return len(tasks) > 2 and all(task["Seccomp"] == "2" and task["NoNewPrivs"] == "1"
                                  for task in tasks)


def all_of_it_is_confined(lab):  # O24
    """Every thread, and `required` is to be had where the kernel can; the transfer goes on."""
    bttui = Bttui(lab, None, lab.new_dir("target"), "--sandbox=require")
    wait_until(lambda: not bttui.running() or is_confined(bttui.process.pid),
               "all threads to be confined")
    if bttui.status() == 2:
        raise Skip(bttui.text(bttui.log))
    bttui.finish()
    downloads(lab, options=["--sandbox=require"])
    downloads(lab, options=["--sandbox=require", "--bind=127.0.0.1"])
    payload, torrent = small(lab)
    open_one = Bttui(lab, torrent, payload.dir, "--sandbox=off").seeding()  # long past its start
    check_equal(status_of(f"/proc/{open_one.process.pid}/status")["Seccomp"], "0", "off")
    open_one.finish()


def a_download_directory_that_is_home_is_no_whole_sandbox(lab):
    home = lab.new_dir("home")
    refused(Bttui(lab, None, home, "--sandbox=require", env={"HOME": home}), "home")
    fine = Bttui(lab, None, home, env={"HOME": home})
    fine.wait_event("listening")
    fine.finish()


def without_call(number):
    """A filter that makes one system call unknown, as on an older kernel."""
    def code(op, jt, jf, k):
        return struct.pack("HBBI", op, jt, jf, k)
    program_bytes = (code(0x20, 0, 0, 0) + code(0x15, 0, 1, number) +
                     code(0x06, 0, 0, 0x00050000 | ENOSYS) + code(0x06, 0, 0, 0x7fff0000))
    buffer = ctypes.create_string_buffer(program_bytes)
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", 4, ctypes.addressof(buffer)))

    def before():
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if _libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0) != 0:
            os._exit(99)
    before.keep = buffer
    return before


def kernels_that_lack_it(lab):  # O26
    landlock, seccomp = 444, {"x86_64": 317, "aarch64": 277}.get(os.uname().machine)
    if seccomp is None:
        raise Skip("this processor's call numbers are not known here")
    for number, words in ((landlock, "files, ports"), (seccomp, "system calls")):
        bttui = downloads(lab, without_call(number))
        said = bttui.text(bttui.log)
        check("sandbox: partial: " in said and words in said.split("cannot:")[-1],
              f"without call {number} it says: {said}")
        refused(Bttui(lab, None, lab.new_dir("target"), "--sandbox=require",
                      before=without_call(number)), "--sandbox=require: partial", words)


run(few_and_many_descriptors, little_memory, few_threads_and_little_stack, without_randomness,
    without_certificates, certificates, an_odd_environment, root_and_nobody,
    all_of_it_is_confined,
    a_download_directory_that_is_home_is_no_whole_sandbox, kernels_that_lack_it)
