/*
 * The peers that a magnet link names (x.pe): addresses are known to the torrent at once,
 * names are looked up when it first runs. Loop thread.
 */
#ifndef BTTUI_TORRENT_MAGNET_PEERS_H
#define BTTUI_TORRENT_MAGNET_PEERS_H

struct torrent;
struct magnet;
struct magnet_peers;

/* NULL: out of memory. */
struct magnet_peers *magnet_peers_new(struct torrent *torrent,
                                      const struct magnet *magnet);
void magnet_peers_free(struct magnet_peers *peers);
void magnet_peers_begin(struct magnet_peers *peers);

#endif
