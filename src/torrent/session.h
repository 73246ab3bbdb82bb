/*
 * The session as the interface, headless mode and the tests see it: its life, and how
 * torrents come to it and leave it. torrent/looks.h shows what it has, torrent/commands.h
 * changes it. It owns what all torrents share: listening sockets, the block pool, the
 * workers, the saved state, the event bus. Several sessions can live in one process on
 * one loop. Loop thread only.
 */
#ifndef BTTUI_TORRENT_SESSION_H
#define BTTUI_TORRENT_SESSION_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "bus/bus.h"
#include "bus/message.h"
#include "loop/loop.h"
#include "net/encryption.h"
#include "torrent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct net; /* net/net.h: real or virtual sockets */

/* What files get before their bytes come. */
enum preallocation { PREALLOCATE_NONE, PREALLOCATE_SPARSE, PREALLOCATE_FULL };

struct session_config {
    struct loop *loop; /* not owned */
    struct net *net;   /* not owned */
    const struct random_source *random;
    struct log *log; /* not owned; may be NULL */
    const char *download_dir;
    const char *incomplete_dir; /* where new ones are until complete; NULL: there */
    const char *state_dir;      /* NULL: nothing is kept (demo, tests) */
    uint16_t port;              /* 0: any */
    const char *bind;           /* address or interface; NULL: all */
    uint64_t max_down, max_up;  /* bytes/s; 0: none */
    uint64_t turtle_down, turtle_up;
    const char *turtle_schedule; /* torrent/schedule.h; NULL: none */
    struct seed_goal goal;
    uint32_t max_peers; /* per torrent; 0: 200 */
    /* At a time; 0: as many as there are. */
    uint32_t active_downloads, active_seeds, active_checks;
    uint32_t workers;             /* 0: as many as cores */
    bool hold_workers;            /* no thread before session_begin */
    size_t pool_bytes;            /* 0: 64 MiB */
    bool incoming;                /* listen at all */
    bool lsd;                     /* tell the local network, and listen to it (BEP 14) */
    bool pex;                     /* peers tell each other of peers (BEP 11) */
    bool holepunch_relay;         /* have them call each other, if they ask (BEP 55) */
    bool portmap;                 /* ask the gateway for our port (PCP, NAT-PMP) */
    bool upnp;                    /* and by UPnP, where that does not help */
    bool dht;                     /* have nodes of the DHT */
    const char *const *dht_nodes; /* HOST:PORT each, to start from; read while it lives */
    uint32_t dht_node_count;      /* 0: the well-known ones */
    bool utp;                     /* call and be called by uTP, too */
    enum encryption_mode encryption;
    bool verify_writes; /* what was written is read back before it counts */
    unsigned names;     /* enum metainfo_names, or-ed: for torrents to be added */
    enum preallocation preallocate;
    const char *incomplete_suffix; /* their files have it until complete; NULL: none */
    bool sequential;               /* those fetch their pieces in order */
    bool first_last; /* and the first and last of each file before the others */
};

/* On failure *ret_session stays and MESSAGE (MESSAGE_SIZE bytes) tells people why. */
#define SESSION_MESSAGE_SIZE 512
enum error_code session_new(const struct session_config *config,
                            struct session **ret_session,
                            char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Starts workers that were held; what was asked of the disk until now waited for them.
 * Fails if the system has no thread for them. */
enum error_code session_begin(struct session *session) MUST_CHECK;
/* After session_stop's callback, or at once (then nothing is told or saved). */
void session_free(struct session *session);
/* Stops all torrents, tells trackers (<= 3 s), saves state; then calls DONE once. */
void session_stop(struct session *session, void (*done)(void *context), void *context);
/* How long that may take until DONE is called in any case, also if it has begun. */
#define SESSION_STOP_MS 3500u /* otherwise: somebody waits */
void session_stop_within(struct session *session, uint64_t wait_ms);
/* Once DONE was called: whether all is saved, and not only the time over. */
bool session_is_saved(const struct session *session);
/* Adds the torrents of the state directory. */
enum error_code session_restore(struct session *session,
                                char message[SESSION_MESSAGE_SIZE]);

struct event_bus *session_events(struct session *session);
struct log *session_log(struct session *session);
struct block_pool *session_pool(struct session *session);

/* Who is on these lists (peer/blocklist.h has the formats; gzip too) is neither called
 * nor let in. Reads the files at once: before the loop runs. MESSAGE names the file and
 * what is wrong; then nothing has changed. */
enum error_code session_read_blocklists(struct session *session, const char *const *paths,
                                        uint32_t count,
                                        char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* The process was confined: TEXT says to what, and is copied; FILES says whether only
 * some files can be reached, which errors then name as a cause. */
void session_set_sandbox(struct session *session, const char *text, bool files);

/* ---- adding and removing ---- */
struct add_options {
    const char *download_dir; /* NULL: the session's */
    bool paused;
    bool sequential, first_last;
    bool super_seed;
    const char *select;          /* --select; NULL: all */
    const char *label;           /* as label_read gives it; NULL: none */
    const struct netaddr *peers; /* --peer */
    uint32_t peer_count;
};
/* Reads and parses the .torrent file at PATH (HOSTILE.md T). ERROR_EXISTS: *ret_id is the
 * one there is; ERROR_INVALID: the --select list is wrong; ERROR_REFUSED: by policy.
 * MESSAGE names the file and what is wrong. */
enum error_code session_add_file(struct session *session, const char *path,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
enum error_code session_add_bytes(struct session *session, const uint8_t *bytes,
                                  size_t length, const struct add_options *options,
                                  struct torrent_id *ret_id,
                                  char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* TEXT is a magnet link or a bare info-hash (meta/magnet.h). Its metadata are fetched
 * from peers: EVENT_METADATA follows when they have come, and only then files are looked
 * at. ERROR_EXISTS: *ret_id is the one there is, which is told of the link's peers and
 * trackers.
 */
enum error_code session_add_magnet(struct session *session, const char *text,
                                   const struct add_options *options,
                                   struct torrent_id *ret_id,
                                   char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* A sentence for people on what magnet_parse found wrong. */
const char *session_magnet_fault(enum error_code error);
/* Whether TEXT looks like one. */
bool session_is_magnet(const char *text);
/* The same or a file, whichever TEXT looks like: a link or hash where no file has that
 * name. Nothing is fetched. */
enum error_code session_add_text(struct session *session, const char *text,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Whether TEXT looks like an http or https URL. */
bool session_is_url(const char *text);
/* Fetches the .torrent file at URL (HOSTILE.md H, within 30 s) and adds it as
 * session_add_bytes does, without the OPTIONS' peers. Unless the session stops first,
 * EVENT_FETCHED with *ret_number follows once, whatever came of it. ERROR_SYNTAX: it is
 * no address that can be asked; ERROR_AGAIN: it is on its way already. */
enum error_code session_fetch(struct session *session, const char *url,
                              const struct add_options *options, uint32_t *ret_number,
                              char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* What has been fetched for the longest, for people; NULL: nothing is. */
const char *session_fetching(const struct session *session, uint32_t *ret_count);
/* Takes it off the list; EVENT_TORRENT_REMOVED follows. */
void session_remove(struct session *session, struct torrent_id id, bool with_data);

#endif
