"""A real terminal: a tmux server of its own with one window of a given size, in which a
shell runs. Nothing sleeps: what is expected is waited for, with a bound."""

import os
import re
import shlex
import subprocess

from lab import PATIENCE_S, Failed, check, check_equal, program, wait_until

PROMPT = "shell> "
# What a program may change in the terminal and must put back.
MODES = ("alternate_on", "cursor_flag", "insert_flag", "keypad_cursor_flag", "keypad_flag",
         "mouse_any_flag", "mouse_sgr_flag", "origin_flag", "wrap_flag",
         "scroll_region_upper", "scroll_region_lower")


class Terminal:
    def __init__(self, lab, width, height, term="screen-256color", **environment):
        self.lab, self.width, self.height = lab, width, height
        self.tmux_path = program("tmux")
        self.socket = lab.path(lab.unique("tmux"))
        self.shells = 0
        config = lab.path(lab.unique("tmux.conf"))
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"set -g default-terminal {term}\nset -s escape-time 0\n"
                       "set -g status off\nset -g remain-on-exit on\n")
        shell = {"ENV": "", "HISTFILE": "", **environment}
        self.environment = {**{name: value for name, value in os.environ.items()
                               if name not in ("TMUX", "TMUX_PANE", "LC_ALL", "LANG", "TERM")},
                            "LC_ALL": "C.UTF-8", **shell}
        lab.closers.append(self.close)
        self._tmux("-f", config, "new-session", "-d", "-x", str(width), "-y", str(height),
                   "exec sh -i")
        # Some shells take no prompt of root's from the environment.
        self.type(f"PS1='{PROMPT}'; clear")
        self.press("Enter")
        self.wait_shell()
        self.as_before = None
        self.as_before = self.state()

    def _tmux(self, *arguments):
        done = subprocess.run([self.tmux_path, "-u", "-S", self.socket, *arguments],
                              env=self.environment, capture_output=True, check=False,
                              timeout=PATIENCE_S)
        if done.returncode != 0:
            raise Failed(f"tmux {arguments[0]}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace")

    def close(self):
        subprocess.run([self.tmux_path, "-S", self.socket, "kill-server"],
                       capture_output=True, check=False, timeout=PATIENCE_S)

    # ---- what a person does

    def type(self, text):
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys):
        """KEYS as tmux names them: p, Tab, Escape, Up, C-z, F1 …"""
        self._tmux("send-keys", "--", *keys)

    def run(self, *command):
        """Starts COMMAND from the shell."""
        self.type("clear; " + shlex.join(command))
        self.press("Enter")

    def resize(self, width, height):
        self.width, self.height = width, height
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    # ---- what a person sees

    def lines(self):
        """The screen's lines, top to bottom, without what is blank at their ends."""
        lines = self._tmux("capture-pane", "-p").split("\n")[:self.height]
        return [line.rstrip() for line in lines]

    def text(self):
        return "\n".join(self.lines())

    def find(self, pattern):
        """The first line that matches, or None."""
        return next((line for line in self.lines() if re.search(pattern, line)), None)

    def wait(self, condition, what, timeout_s=None):
        """Until CONDITION(lines) is true; gives its value."""
        seen = []

        def look():
            seen[:] = self.lines()
            return condition(seen)
        try:
            return wait_until(look, what, timeout_s)
        except Failed:
            rows = "\n".join(f"|{line}" for line in seen)
            raise Failed(f"waited in vain for {what}; the screen:\n{rows}") from None

    def wait_for(self, pattern, timeout_s=None):
        """Until a line matches PATTERN; gives the line."""
        return self.wait(lambda lines: next((x for x in lines if re.search(pattern, x)), None),
                         f"/{pattern}/", timeout_s)

    def wait_gone(self, pattern, timeout_s=None):
        self.wait(lambda lines: not any(re.search(pattern, line) for line in lines),
                  f"no /{pattern}/", timeout_s)

    # ---- the terminal itself

    def modes(self):
        form = " ".join(f"{name}=#{{{name}}}" for name in MODES)
        modes = dict(pair.split("=") for pair in
                     self._tmux("display-message", "-p", form).split())
        del modes["scroll_region_lower"]  # follows the size
        return modes

    def in_interface(self):
        return self.modes()["alternate_on"] == "1"

    def wait_shell(self):
        """Until the shell asks again, on the ordinary screen."""
        wait_until(lambda: self.modes()["alternate_on"] == "0", "the ordinary screen")
        self.wait(lambda lines: [line for line in lines if line][-1:] == [PROMPT.rstrip()],
                  "the shell's prompt")

    def ask(self, command):
        """What COMMAND prints in the shell; `$?` in it is that of the command before."""
        self.shells += 1
        path = self.lab.path(f"answer-{os.path.basename(self.socket)}-{self.shells}")
        self.type(f"{{ {command}; }} >{path}.new; mv {path}.new {path}")
        self.press("Enter")
        wait_until(lambda: os.path.exists(path), f"the shell's answer to {command}")
        self.wait_shell()
        with open(path, encoding="utf-8") as file:
            return file.read().strip()

    def state(self):
        return {**self.modes(), "stty": self.ask("stty -g")}

    def check_as_before(self):
        """From the shell: nothing of the terminal is other than at the start."""
        check_equal(self.state(), self.as_before, "the terminal's state")

    def check_fits(self):
        """No line is wider than the screen; the cursor is on it."""
        check(all(len(line) <= self.width for line in self.lines()), "a line is too wide")
