"""A private DHT of libtorrent nodes on 127.0.0.1, run by an interpreter that has the binding:

    libtorrent_dht.py COUNT BOOTSTRAP-PORT JSON-OPTIONS

The nodes start from BOOTSTRAP-PORT (0: from nowhere) and from each other.
Options: "seed" and "leech" are [TORRENT, DIRECTORY]: the last node has that torrent, or the one
before it looks for it; "host" is where they are. Prints a line of JSON whenever what it tells has changed."""

import json
import signal
import sys
import time

import libtorrent


def settings(host):
    return {
        "listen_interfaces": f"[{host}]:0" if ":" in host else f"{host}:0",
        "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "dht_bootstrap_nodes": "",
        # Many nodes share the one address of a loopback network.
        "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
        "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False, "dht_block_ratelimit": 10000,
        "dht_upload_rate_limit": 1000000,
        "allow_multiple_connections_per_ip": True, "enable_outgoing_utp": False,
        "alert_mask": 0,
    }


def add(session, torrent, directory, seed):
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = directory
    flags = libtorrent.torrent_flags
    parameters.flags &= ~(flags.auto_managed | flags.paused)
    if seed:
        parameters.flags |= flags.seed_mode
    return session.add_torrent(parameters)


def main():
    count, bootstrap, options = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    host, sessions = options.get("host", "127.0.0.1"), []
    known = [bootstrap] if bootstrap else []
    for _ in range(count):
        session = libtorrent.session(settings(host))
        # It keeps none of the nodes that it is told to bootstrap from: these it keeps.
        for port in known[:1] + known[-3:]:
            session.add_dht_node((host, port))
        known.append(session.listen_port())
        sessions.append(session)
    seed = add(sessions[-1], *options["seed"], True) if "seed" in options else None
    leech = add(sessions[-2], *options["leech"], False) if "leech" in options else None
    said, ended, asked = None, [], 0
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while not ended:
        now = {"port": sessions[0].listen_port(),
               "ports": [session.listen_port() for session in sessions],
               "nodes": min(session.status().dht_nodes for session in sessions[1:]),
               "complete": bool(leech and leech.status().is_seeding),
               "uploaded": seed.status().total_payload_upload if seed else 0,
               "peers": len(leech.get_peer_info()) if leech else 0}
        # Its own announces are minutes apart: the first may come before there are nodes.
        if time.time() - asked > 3:
            asked = time.time()
            for handle in (seed, leech):
                if handle:
                    handle.force_dht_announce()
        if now != said:
            said = now
            print(json.dumps(now), flush=True)
        time.sleep(0.05)


main()
