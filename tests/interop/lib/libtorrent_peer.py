"""One torrent in libtorrent's Python binding, run by an interpreter that has it:

    libtorrent_peer.py TORRENT-OR-MAGNET DIRECTORY JSON-OPTIONS

prints a line of JSON whenever what it tells has changed; "calls" are all connections that
came in, whatever became of them. At SIGTERM it ends when all it has is written."""

import json
import signal
import sys
import time

import libtorrent

UNMET = 32 << 10  # bytes a second: minutes for what comes in a moment, and enough to say hello


def settings(options):
    return {
        "listen_interfaces": options["listen"],
        "enable_dht": False, "enable_lsd": options.get("lsd", False), "enable_upnp": False, "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "enable_outgoing_utp": False,  # it waits 3 s for an answer before it tries TCP
        "alert_mask": libtorrent.alert.category_t.peer_notification,
        "alert_queue_size": 100000,
        # A limit makes each step of a handshake wait for the next tick, half a second by itself.
        **({"tick_interval": 20} if options.get("meet") else {}),
        **options.get("settings", {}),
    }


def encryption(peer):
    if peer.flags & peer.rc4_encrypted:
        return "rc4"
    return "header" if peer.flags & peer.plaintext_encrypted else "plain"


def set_limits(handle, up, down):
    handle.set_upload_limit(up)
    handle.set_download_limit(down)


def main():
    torrent, directory, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    session = libtorrent.session(settings(options))
    if torrent.startswith("magnet:"):
        parameters = libtorrent.parse_magnet_uri(torrent)
    else:
        parameters = libtorrent.add_torrent_params()
        parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = directory
    flags = libtorrent.torrent_flags
    parameters.flags &= ~(flags.auto_managed | flags.paused)
    if options.get("seed"):
        parameters.flags |= flags.seed_mode
    handle = session.add_torrent(parameters)
    limits = options.get("up", 0), options.get("down", 0)
    is_meeting = options.get("meet", False)
    set_limits(handle, *([UNMET] * 2 if is_meeting else limits))
    for host, port in options.get("peers", []):
        handle.connect_peer((host, port))
    said = None
    ended = []
    encryptions, calls = set(), 0
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while not ended:
        status = handle.status()
        peers = [peer for peer in handle.get_peer_info()
                 if not peer.flags & (peer.handshake | peer.connecting)]
        encryptions.update(encryption(peer) for peer in peers)
        calls += sum(isinstance(alert, libtorrent.incoming_connection_alert)
                     for alert in session.pop_alerts())
        now = {"port": session.listen_port(), "complete": status.is_seeding, "peers": len(peers),
               "uploaded": status.total_payload_upload,
               "downloaded": status.total_payload_download,
               "encryptions": sorted(encryptions), "calls": calls,
               "error": status.errc.message() if status.errc.value() else ""}
        if now != said:
            said = now
            print(json.dumps(now), flush=True)
        if is_meeting and encryptions:  # and who reads our output has been told
            is_meeting = False
            set_limits(handle, *limits)
        time.sleep(0.02)
    # The session's own end writes what is still in its cache.
    del handle
    del session


main()
