"""However it ends, is stopped, or loses its terminal: the terminal is left as it was, and the
program neither hangs nor spins. (C4-C9, C20, C21, C24)"""

import os
import resource
import shlex
import shutil
import signal
import subprocess
import time

from bttui import Bttui, bttui_path, is_sanitized
from lab import PATIENCE_S, Skip, check, check_equal, run, wait_until
from payload import Payload
from strict import Strict


def command(lab, mib=1):
    payload = Payload(lab.new_dir("seed"), "payload", [mib << 20])
    return [bttui_path(), "--no-dht", "--no-lsd", "--no-portmap", "--port=0",
            f"--download-dir={payload.dir}", f"--state-dir={lab.new_dir('state')}",
            payload.torrent(lab.path("payload.torrent"))]


def start(lab, **options):
    terminal = Strict(lab, command(lab), **options)
    terminal.wait_for("payload .*100%")
    return terminal


def cpu_ticks(terminal):
    with open(f"/proc/{terminal.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def cpu_of_the_ended():
    """Seconds of all children that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def least_in(window_s, count, enough):
    """By how much COUNT() grows in a time, at least: what was begun before and what the machine
    held up is done then, too, in one or the other."""
    least = None
    for _ in range(10):
        before = count()
        time.sleep(window_s)
        grown = count() - before
        least = grown if least is None else min(least, grown)
        if least <= enough:
            break
    return least


def left_as_it_was(lab):
    """C20: after keys and signals that end it, and those that kill it."""
    kept = "xterm-256color", "vt100", "linux"
    for number, term in ((signal.SIGTERM, kept[0]), (signal.SIGINT, kept[1]),
                         (signal.SIGHUP, kept[2])):
        terminal = start(lab, term=term)
        terminal.end(number)
        terminal.check_as_before()
        terminal.check_harmless()
    for keys in (("Q",), ("C-c",)):
        terminal = start(lab)
        terminal.press(*keys)
        terminal.ends()
        terminal.check_as_before()
        terminal.check_harmless()


def left_as_it_was_by_a_crash(lab):
    """C20: a handler puts the terminal back, then the signal does what it always does."""
    if is_sanitized():
        raise Skip("sanitizers take such signals for themselves")
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
                   signal.SIGQUIT):
        terminal = start(lab)
        # A thread may be at a busy disk: the system lets it finish first.
        terminal.end(number, status=-number, timeout_s=30)
        terminal.check_as_before()
        terminal.check_harmless()


def stopped_and_continued(lab):
    """C7: SIGSTOP cannot be seen; SIGCONT draws anew, and time is not made up for."""
    terminal = start(lab)
    terminal.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    read = terminal.bytes_read
    terminal.process.send_signal(signal.SIGCONT)
    wait_until(lambda: terminal.bytes_read > read + 200, "a whole frame")
    terminal.wait_for("payload .*100%")
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()


def its_terminal_is_gone(lab):
    """C6, C9: it saves the session and ends, and does not spin meanwhile."""
    terminal = start(lab)
    before, children = cpu_ticks(terminal), cpu_of_the_ended()
    terminal.hang_up()
    took = terminal.ends()
    check(took < 5, f"it took {took:.1f} s")
    spent = cpu_of_the_ended() - children - before / os.sysconf("SC_CLK_TCK")
    check(spent < 0.5, f"it spent {spent:.2f} s on ending")
    state = next(x for x in terminal.process.args if x.startswith("--state-dir="))[12:]
    check(os.listdir(os.path.join(state, "resume")) != [], "no resume data")


def end_of_file_is_a_key_like_others(lab):
    """C9: ^D, and a NUL, on a terminal that is ours."""
    terminal = start(lab)
    terminal.press("\x04\x00\x04")
    terminal.wait_quiet()
    check(least_in(0.5, lambda: cpu_ticks(terminal), 2) <= 2, "it spins")
    terminal.end()


# C4: (TERM, what it says; None: it works)
KINDS = (("dumb", "cannot show"), (None, "TERM is not set"), ("", "TERM is not set"),
         ("no-such", "are not known"), ("x" * 100000, "are not known"),
         ("\x1b]0;evil\x07", "are not known"), ("../../x/xterm", "are not known"),
         ("xterm-mono", None), ("vt52", None), ("ansi", None), ("Eterm", None))


def kinds_of_terminals(lab):
    for term, message in KINDS:
        if message is None and subprocess.run(["infocmp", term], check=False,
                                              capture_output=True).returncode != 0:
            continue
        terminal = Strict(lab, command(lab), term=term,
                          judge_as="vt100" if message else term)
        if message is None:
            if term != "vt52":  # its cursor is moved by no control sequence
                terminal.wait_for("payload .*100%")
                terminal.check_harmless()
            wait_until(lambda: terminal.bytes_read > 300, f"a frame on {term}")
            terminal.end()
        else:
            terminal.ends(2)
            check(message in terminal.errors(), terminal.errors())
            check("--headless" in terminal.errors(), terminal.errors())
            check(not any(char < " " and char != "\n" for char in terminal.errors()), "control")
            check_equal(terminal.bytes_read, 0, "bytes on the terminal")
        terminal.check_as_before()


def descriptors_that_are_no_terminal(lab):
    """C5: refused with a hint, or headless; and 0 to 2 may be closed."""
    for stream in ("stdin", "stdout"):
        terminal = Strict(lab, ["sh", "-c", 'exec "$@" ' + {
            "stdin": "</dev/null", "stdout": ">/dev/null"}[stream], "sh", *command(lab)])
        terminal.ends(2)
        check("--headless" in terminal.errors(), terminal.errors())
        terminal.check_as_before()
    terminal = Strict(lab, ["sh", "-c", 'exec "$@" 2>&-', "sh", *command(lab)])
    terminal.wait_for("payload .*100%")
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *command(lab),
                               "--headless", "--exit-when-done"], check=False, timeout=PATIENCE_S,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        check_equal(done.returncode, 0, f"exit status with {closed}")


def readers_that_leave(lab):
    """C8: a closed pipe is an error of one write, not the end."""
    client = subprocess.Popen([*command(lab), "--headless", "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    client.stdout.readline()
    client.stdout.close()
    time.sleep(1.2)
    check_equal(client.poll(), None, "what it ended with")
    client.send_signal(signal.SIGTERM)
    check(client.wait(PATIENCE_S) >= 0, "it died of a signal")


def its_description_is_gone(lab):
    """C24: all that it needs of the terminal's description was read at the start."""
    database, name = lab.new_dir("terminfo"), "xterm-256color"
    if not shutil.which("tic"):
        raise Skip("tic is not there")
    described = subprocess.run(["infocmp", name], check=True, capture_output=True).stdout
    subprocess.run(["tic", "-o", database, "-"], check=True, capture_output=True,
                   input=described.replace(name.encode() + b"|", b"bttui-only|", 1))
    terminal = start(lab, term="bttui-only", judge_as=name, TERMINFO=database)
    shutil.rmtree(database)
    terminal.resize(60, 15)
    terminal.redrawn()
    terminal.settle()
    terminal.redrawn()
    terminal.wait_for("payload .*100%")
    terminal.press("?")
    terminal.wait_for("[Kk]eys")
    terminal.press("Escape")
    terminal.wait_for("payload .*100%")
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_quiet(0.2, 2)
    terminal.wait_for("payload .*100%")
    terminal.end()
    terminal.check_as_before()
    terminal.check_harmless()


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return None


def two_on_one_terminal(lab):
    """C21: both work, neither floods the line, and both end when they are told to. Who came
    last goes first, and leaves the terminal as it was, for the other."""
    go = lab.path("go")
    terminal = Strict(lab, ["sh", "-c", f"(until [ -e {go} ]; do sleep 0.05; done; exec " +
                            shlex.join(command(lab)) + " </dev/tty) & exec " +
                            shlex.join(command(lab))])
    terminal.wait_for("payload .*100%")
    pid = terminal.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        other = int(file.read().split()[0])
    terminal.wait_quiet(0.5, 3)
    read = terminal.bytes_read
    with open(go, "w", encoding="ascii"):
        pass
    wait_until(lambda: terminal.bytes_read > read + 200, "a frame of the other one")
    terminal.wait_quiet(0.5, 3)
    check(least_in(0.5, lambda: terminal.bytes_read, 5000) <= 5000, "a flood of frames")
    os.kill(other, signal.SIGTERM)
    wait_until(lambda: state_of(other) in ("Z", None), "the other to end")
    read = terminal.bytes_read
    terminal.press("C-l")
    wait_until(lambda: terminal.bytes_read > read + 200, "a frame of the one that is left")
    terminal.end()


def switches(pid):
    """How often its threads have gone to sleep so far."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            count += next(int(line.split()[1]) for line in file
                          if line.startswith("voluntary_ctxt_switches"))
    return count


def idle_is_idle(lab):
    """No wake-ups beyond due timers: a seed without peers sleeps, with the interface and
    without."""
    terminal = start(lab)
    headless = Bttui(lab, command(lab)[-1], lab.new_dir("empty"))
    headless.wait_event("checked")
    terminal.wait_quiet(1)
    check(least_in(3, lambda: terminal.bytes_read, 30000) <= 30000,
          "more than 10 kB/s while idle")  # C21
    for pid in (terminal.process.pid, headless.process.pid):
        woken = least_in(3, lambda of=pid: switches(of), 6)
        check(woken <= 6, f"{woken} wake-ups in 3 s")
    headless.finish()
    terminal.end()


run(left_as_it_was, left_as_it_was_by_a_crash, stopped_and_continued, its_terminal_is_gone,
    end_of_file_is_a_key_like_others, kinds_of_terminals, descriptors_that_are_no_terminal,
    readers_that_leave, its_description_is_gone, two_on_one_terminal, idle_is_idle)
