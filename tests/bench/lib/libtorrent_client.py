"""libtorrent's Python binding as a client of the benchmarks:

    libtorrent_client.py JSON

says "begin CPU" once it is loaded (CPU seconds until then), "complete" when it has all of
all torrents, and at SIGTERM keeps its session in the home directory and ends."""

import glob
import json
import os
import signal
import sys
import time

import libtorrent

OPTIONS = json.loads(sys.argv[1])
TUNED = {
    "connection_speed": 500, "max_out_request_queue": 2000, "request_queue_time": 5,
    "max_allowed_in_request_queue": 4000, "unchoke_slots_limit": -1, "hashing_threads": 2,
    "aio_threads": 4, "send_buffer_watermark": 4 << 20, "send_buffer_low_watermark": 1 << 20,
    "send_buffer_watermark_factor": 150, "max_queued_disk_bytes": 64 << 20,
    "torrent_connect_boost": 255, "file_pool_size": 1000,
}


def settings():
    chosen = {
        "listen_interfaces": OPTIONS["listen"], "alert_mask": 0,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": False,  # it waits 3 s for an answer before it tries TCP
        "connections_limit": OPTIONS["peers"] + 50,
        "active_limit": 2000, "active_seeds": 2000, "active_downloads": 2000,
    }
    if OPTIONS["tuned"]:
        chosen.update(TUNED)
    return chosen


def wanted():
    flags = libtorrent.torrent_flags
    for path in OPTIONS["torrents"]:
        parameters = libtorrent.add_torrent_params()
        parameters.ti = libtorrent.torrent_info(path)
        parameters.save_path = OPTIONS["directory"]
        parameters.flags &= ~(flags.auto_managed | flags.paused)
        yield parameters
    for path in glob.glob(os.path.join(OPTIONS["home"], "*.resume")):
        with open(path, "rb") as file:
            yield libtorrent.read_resume_data(file.read())


def keep(session, handles):
    flags = libtorrent.save_resume_flags_t
    session.apply_settings({"alert_mask": libtorrent.alert.category_t.storage_notification})
    for handle in handles:
        handle.save_resume_data(flags.save_info_dict)
    left = len(handles)
    while left > 0:
        session.wait_for_alert(10000)
        for alert in session.pop_alerts():
            if isinstance(alert, libtorrent.save_resume_data_alert):
                path = os.path.join(OPTIONS["home"], f"{left}.resume")
                with open(path, "wb") as file:
                    file.write(libtorrent.write_resume_data_buf(alert.params))
                left -= 1
            elif isinstance(alert, libtorrent.save_resume_data_failed_alert):
                left -= 1


def main():
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    print(f"begin {time.process_time()}", flush=True)
    session = libtorrent.session(settings())
    handles = [session.add_torrent(parameters) for parameters in wanted()]
    left = list(handles)
    while left and not ended:
        left = [handle for handle in left if not handle.status().is_seeding]
        if left:
            time.sleep(0.005)
    print("complete", flush=True)
    while not ended:
        signal.pause()
    if OPTIONS["keep"]:
        keep(session, handles)
    del handles, left
    del session


main()
