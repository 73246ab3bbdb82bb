"""What the machine takes for itself, so that a test that judges time judges the program."""

import os
import threading
import time

TICK_S = 0.05
WORK_S = 0.01  # of CPU time, a tick
WRITE_S = 0.05  # what a disk may take


class Witness:
    """Beside the program it sleeps, works and writes below DIRECTORY, a little at a time. All of
    that is due at once on a machine with nothing else to do: lost_s() is how much later it was,
    by whichever was held up most, since the beginning.

    DISK: whether what is judged waits for one, and so the witness writes.

    with Witness(lab) as witness: …; took_s = … - witness.lost_s()"""

    def __init__(self, lab, disk=True):
        self.path = lab.path(lab.unique("witness"))
        self.ended = threading.Event()
        self.lost = {self._sleep: 0.0, self._work: 0.0, **({self._write: 0.0} if disk else {})}
        self.under_way = {}
        self.threads = [threading.Thread(target=self._look, args=(kind,), daemon=True)
                        for kind in self.lost]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def explains(self, status):
        """The program ends within 5 s, and with 1 if the disk was not done by then: the machine's
        fault, where it took most of that for itself."""
        return status == 1 and self.lost_s() > 2

    def lost_s(self):
        now, under_way = time.monotonic(), dict(self.under_way)
        return max(lost + max(0.0, now - under_way.get(kind, now))
                   for kind, lost in self.lost.items())

    def _look(self, kind):
        while not self.ended.is_set():
            began = time.monotonic()
            self.under_way[kind] = began + WRITE_S
            due = kind()
            self.lost[kind] += max(0.0, time.monotonic() - began - due)
            del self.under_way[kind]

    def _sleep(self):
        time.sleep(TICK_S)
        return TICK_S

    def _work(self):
        """As many times as long for all that is done."""
        began, used = time.monotonic(), time.thread_time()
        while time.thread_time() - used < WORK_S:
            pass
        slower = (time.monotonic() - began) / (time.thread_time() - used)
        began = time.monotonic()
        time.sleep(TICK_S)
        return (time.monotonic() - began) / slower + WORK_S

    def _write(self):
        with open(self.path, "wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        time.sleep(TICK_S)
        return WRITE_S + TICK_S
