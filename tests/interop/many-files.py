"""2,000 files, some empty, some with Japanese and Cyrillic names, from a libtorrent seeder
that opentracker names, over HTTP and over UDP; a quarter of them where sanitizers look.
BTTUI_INTEROP_MIB: how large (64)."""

import os
import time

from bttui import Bttui, is_sanitized
from clients import Libtorrent
from lab import check_equal, run
from payload import Payload, many_paths, many_sizes
from trackers import Opentracker

FILES = 2000
MIB = int(os.environ.get("BTTUI_INTEROP_MIB", "64"))


def download(lab, url_of):
    part = 4 if is_sanitized() else 1
    files, size = FILES // part, (MIB << 20) // part
    payload = Payload(lab.new_dir("seed"), "Много файлов ファイル", many_sizes(files, size),
                      many_paths(files))
    tracker = Opentracker(lab, payload)
    torrent = payload.torrent(lab.path("many.torrent"), url_of(tracker))
    Libtorrent(lab, torrent, payload.dir, seed=True)
    tracker.wait_seeders(payload)
    target = lab.new_dir("target")
    bttui = Bttui(lab, torrent, target, "--exit-when-done")
    bttui.wait_done(60 + MIB)
    spent = time.time() - bttui.started_at
    check_equal(payload.differences(target), [], "files that differ")
    print(f"        {files} files, {size >> 20} MiB in {spent:.2f} s, first piece after {bttui.first_piece_s():.3f} s")


def over_http(lab):
    download(lab, lambda tracker: tracker.http)


def over_udp(lab):
    download(lab, lambda tracker: tracker.udp)


run(over_http, over_udp, limit_s=120 + 4 * MIB)
