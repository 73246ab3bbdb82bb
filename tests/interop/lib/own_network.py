"""A network of the test's own: nothing leaves it, no port of it is taken."""

import ctypes
import os
import subprocess

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


_is_own = False


def _enter(addresses):
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                           ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    for command in (["link", "set", "lo", "up"],
                    *(["address", "add", address, "dev", "lo"] for address in addresses)):
        subprocess.run(["ip", *command], check=True, capture_output=True)


def _can_enter(addresses):
    """Tried in a child: there is no way back."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _enter(addresses)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def enter_own_network(*addresses):
    """Moves this process, which must have no other thread yet, and all it starts into a
    network of its own that has the loopback device alone, with ADDRESSES beside 127.0.0.1:
    some clients call no loopback address. False: it cannot be made, and nothing is different."""
    global _is_own
    if not _is_own and _can_enter(addresses):
        _enter(addresses)
        _is_own = True
    return _is_own


def refuse_tcp(port):
    """In a network of one's own: whoever connects to PORT by TCP is told at once that no way
    leads there. False: the system has no such rules, or the network is the machine's."""
    if not _is_own:
        return False
    commands = [["rule", "add", "pref", "1", "ipproto", "tcp", "dport", str(port), "unreachable"]]
    rules = subprocess.run(["ip", "rule"], capture_output=True, text=True, check=False).stdout
    if rules.startswith("0:"):  # the machine's own addresses would come before all rules
        commands[:0] = [["rule", "add", "pref", "2", "lookup", "local"],
                        ["rule", "del", "pref", "0"]]
    return all(subprocess.run(["ip", *command], check=False, capture_output=True).returncode == 0
               for command in commands)
