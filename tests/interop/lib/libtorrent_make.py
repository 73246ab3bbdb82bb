"""libtorrent makes a torrent of version 2 or a hybrid, and tells its hashes as JSON:

    libtorrent_make.py v1|v2|hybrid PIECE-BYTES PATH TORRENT     makes TORRENT of PATH
    libtorrent_make.py read TORRENT                              reads one
    libtorrent_make.py strip TORRENT BARE                        BARE has no piece layers

"piece layers" are those it found in the file, "files" what it lists but for padding."""

import json
import os
import sys

import libtorrent

FLAGS = {"v1": libtorrent.create_torrent.v1_only, "hybrid": 0,
         "v2": libtorrent.create_torrent_flags_t.v2_only}


def make(format_, piece_bytes, path, torrent):
    files = libtorrent.file_storage()
    libtorrent.add_files(files, path)
    made = libtorrent.create_torrent(files, piece_bytes, FLAGS[format_])
    libtorrent.set_piece_hashes(made, os.path.dirname(path))
    with open(torrent, "wb") as file:
        file.write(libtorrent.bencode(made.generate()))


def strip(torrent, bare):
    with open(torrent, "rb") as file:
        value = libtorrent.bdecode(file.read())
    del value[b"piece layers"]
    with open(bare, "wb") as file:
        file.write(libtorrent.bencode(value))


if sys.argv[1] == "strip":
    strip(sys.argv[2], sys.argv[3])
elif sys.argv[1] != "read":
    make(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
name = sys.argv[-1]
info = libtorrent.torrent_info(name)
with open(name, "rb") as file:
    layers = libtorrent.bdecode(file.read()).get(b"piece layers", {})
hashes, files = info.info_hashes(), info.files()
print(json.dumps({
    "v1": str(hashes.v1) if hashes.has_v1() else None,
    "v2": str(hashes.v2) if hashes.has_v2() else None,
    "pieces": info.num_pieces(),
    "piece layers": {root.hex(): layer.hex() for root, layer in layers.items()},
    "files": [[files.file_path(i), files.file_size(i)] for i in range(files.num_files())
              if not files.file_flags(i) & libtorrent.file_flags_t.flag_pad_file]}))
