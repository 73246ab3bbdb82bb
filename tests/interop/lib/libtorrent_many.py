"""All torrents of a directory in libtorrent's Python binding, each told of one peer:

    libtorrent_many.py TORRENTS-DIRECTORY DIRECTORY HOST PORT

prints how many are complete whenever that has changed, and ends when all are."""

import os
import sys
import time

import libtorrent


def main():
    torrents, directory, host, port = sys.argv[1:5]
    session = libtorrent.session({
        "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
        "enable_upnp": False, "enable_natpmp": False, "enable_outgoing_utp": False,
        "connections_limit": 4000, "connection_speed": 500, "alert_mask": 0})
    flags = libtorrent.torrent_flags
    handles = []
    for name in sorted(os.listdir(torrents)):
        parameters = libtorrent.add_torrent_params()
        parameters.ti = libtorrent.torrent_info(os.path.join(torrents, name))
        parameters.save_path = directory
        parameters.flags &= ~(flags.auto_managed | flags.paused)
        handles.append(session.add_torrent(parameters))
    said = -1
    while said < len(handles):
        complete = 0
        for handle in handles:
            status = handle.status()
            complete += status.is_seeding
            if not status.is_seeding and status.num_peers == 0:
                handle.connect_peer((host, int(port)))
        if complete != said:
            said = complete
            print(said, flush=True)
        time.sleep(0.25)


main()
