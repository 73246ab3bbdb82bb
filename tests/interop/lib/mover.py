"""bttui while it moves a torrent, which a kill may interrupt at any moment."""

import os
import shutil
import signal
import tempfile

from bttui import Bttui
from lab import Skip, check, check_equal


def other_file_system(lab):
    """What makes directories on another file system than the lab's."""
    other = "/dev/shm"
    if not os.access(other, os.W_OK) or os.stat(other).st_dev == os.stat(lab.dir).st_dev:
        raise Skip("there is no other file system")

    def new_target():
        target = tempfile.mkdtemp(prefix="bttui-interop-", dir=other)
        lab.closers.append(lambda: shutil.rmtree(target, ignore_errors=True))
        return target
    return new_target


class Mover:
    """One that has everything, in another directory than where it belongs, and is killed
    while it moves."""

    def __init__(self, lab, payload, torrent, target, program=None):
        self.lab, self.payload, self.torrent, self.target = lab, payload, torrent, target
        self.program = program
        self.first, self.state = lab.new_dir("first"), lab.path(lab.unique("state"))
        shutil.copytree(os.path.join(payload.dir, payload.name),
                        os.path.join(self.first, payload.name))

    def check_whole(self):
        """One of the places always is."""
        wrong = [self.payload.differences(place) for place in (self.first, self.target)]
        check([] in wrong, f"nowhere whole: {wrong}")

    def live(self, fault=None, meanwhile=None):
        """One life, to its end, to the FAULT, or as MEANWHILE(bttui) does. True: it was
        killed."""
        bttui = Bttui(self.lab, self.torrent, self.target, "--exit-when-done",
                      f"--incomplete-dir={self.first}", state=self.state,
                      program=self.program, env={"BTTUI_FAULT": fault} if fault else {})
        if meanwhile is not None:
            meanwhile(bttui)
        status = bttui.wait()
        check(status in (0, -signal.SIGKILL), f"exit status {status}")
        self.check_whole()
        if bttui.seen("checked"):
            check_equal(bttui.last("checked", "have"), self.payload.piece_count, "found")
        return status != 0

    def check_end(self):
        check_equal(self.payload.differences(self.target), [], "files that differ")
        check_equal(os.listdir(self.target), [self.payload.name], "what is there")
        check_equal(os.listdir(self.first), [], "what is left of the first place")
