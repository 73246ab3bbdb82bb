"""Prints info-hashes that libtorrent finds, as JSON: "read" in the torrent file that is the
first argument, "made" by itself of the same files, which lie below the second."""

import json
import os
import sys

import libtorrent

given = libtorrent.torrent_info(sys.argv[1])
files = libtorrent.file_storage()
for index in range(given.num_files()):
    path = given.files().file_path(index)
    files.add_file(path, os.path.getsize(os.path.join(sys.argv[2], path)))
made = libtorrent.create_torrent(files, given.piece_length(), libtorrent.create_torrent.v1_only)
libtorrent.set_piece_hashes(made, sys.argv[2])
info = libtorrent.torrent_info(made.generate())
print(json.dumps({
    "read": str(given.info_hash()), "made": str(info.info_hash()), "private": given.priv(),
    "trackers": [[tracker.url, tracker.tier] for tracker in given.trackers()],
    "webseeds": [seed["url"] for seed in given.web_seeds()], "comment": given.comment(),
    "version 1 alone": not given.info_hashes().has_v2()}))
