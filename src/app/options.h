/*
 * The command line (DESIGN.md's contract), read through one table that is also
 * behind --help and the configuration file (app/conf.h). Texts point into argv, or into
 * that file; nothing is opened or checked on disk here.
 */
#ifndef BTTUI_APP_OPTIONS_H
#define BTTUI_APP_OPTIONS_H

#include "app/option_set.h"
#include "app/watch.h"
#include "base/netaddr.h"
#include "meta/metainfo_write.h"
#include "net/encryption.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_FAILED = 1, /* a torrent or the disk failed */
    EXIT_STATUS_USAGE =
        2, /* usage, configuration, terminal, state in use, cannot start */
    EXIT_STATUS_INVALID = 3, /* not a valid torrent or magnet, or over a limit */
    EXIT_STATUS_POLICY = 4   /* refused by policy */
};

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* ON: as far as the system can; REQUIRE: wholly, or not at all */
enum sandbox_choice { SANDBOX_CHOICE_ON, SANDBOX_CHOICE_OFF, SANDBOX_CHOICE_REQUIRE };

/* One for each command that takes options (app/commands.h). */
enum command_bit {
    COMMAND_MAIN = 1 << 0,
    COMMAND_SHOW = 1 << 1,
    COMMAND_DEMO = 1 << 2,
    COMMAND_VERIFY = 1 << 3,
    COMMAND_CREATE = 1 << 4,
    COMMAND_IMPORT = 1 << 5
};

#define OPTIONS_MAX_BLOCKLISTS 16
#define OPTIONS_MAX_PEERS      100
#define OPTIONS_MAX_TEXTS      100 /* of an option that repeats */

enum create_date { CREATE_DATE_NONE, CREATE_DATE_GIVEN, CREATE_DATE_NOW };

struct create_options {
    const char *output; /* NULL: NAME.torrent in the current directory */
    bool force;
    uint32_t piece_bytes; /* 0: to be chosen */
    enum metainfo_format format;
    bool is_private;
    const char *tiers[OPTIONS_MAX_TEXTS]; /* of trackers: usable URLs, commas between */
    uint32_t tier_count, url_count;
    const char *webseeds[OPTIONS_MAX_TEXTS];
    uint32_t webseed_count;
    const char *excludes[OPTIONS_MAX_TEXTS];
    uint32_t exclude_count;
    const char *comment, *source; /* NULL: none */
    enum create_date date;
    int64_t date_s;
};

struct command;

struct options {
    const struct command *command;
    struct option_set given;       /* what stands on the command line */
    const char *config;            /* NULL: the default file, if there is one */
    const char *download_dir;      /* NULL: the current directory */
    const char *incomplete_dir;    /* NULL: the same */
    const char *incomplete_suffix; /* NULL: none */
    const char *move_dirs[OPTIONS_MAX_TEXTS]; /* let in by the sandbox */
    uint32_t move_dir_count;
    const char *state_dir; /* NULL: the default */
    uint16_t port;         /* 0: any */
    const char *bind;
    const char *proxy;
    const char *peers[OPTIONS_MAX_PEERS]; /* HOST:PORT, not resolved */
    uint32_t peer_count;
    uint64_t max_down, max_up; /* bytes/s; 0: no limit */
    uint64_t turtle_down, turtle_up;
    const char *turtle_schedule; /* NULL: none */
    uint32_t seed_ratio;         /* hundredths; 0: none */
    uint32_t seed_minutes;       /* 0: none */
    bool seed_remove;            /* take it off the list then */
    uint32_t max_peers;          /* 0: the default */
    enum encryption_mode encryption;
    const char *blocklists[OPTIONS_MAX_BLOCKLISTS];
    uint32_t blocklist_count;
    uint32_t active_downloads, active_seeds, active_checks; /* at a time; 0: all */
    bool no_incoming;
    bool no_dht, no_lsd, no_pex, no_portmap, upnp;
    bool holepunch_relay;
    const char *dht_nodes[OPTIONS_MAX_TEXTS]; /* HOST:PORT, not resolved */
    uint32_t dht_node_count;
    bool no_utp;
    int preallocate; /* enum preallocation */
    bool sequential, first_last;
    bool super_seed;
    const char *priorities[OPTIONS_MAX_TEXTS]; /* LIST:LEVEL */
    uint32_t priority_count;
    const char *select;
    char label[LABEL_BYTES];                    /* "": none */
    const char *label_rules[OPTIONS_MAX_TEXTS]; /* torrent/label_rule.h */
    uint32_t label_rule_count;
    const char *watches[WATCH_DIRS_MAX]; /* app/watch.h */
    uint32_t watch_count;
    const char *on_complete;                        /* for sh -c; NULL: nothing */
    const char *refused_clients[OPTIONS_MAX_TEXTS]; /* globs */
    uint32_t refused_client_count;
    uint64_t leech_bytes; /* who took so much and gave nothing is refused; 0: nobody */
    bool verify_writes;
    unsigned names; /* enum metainfo_names, or-ed */
    bool headless, json, exit_when_done;
    bool ascii;
    enum color_choice color;
    const char *keys; /* a preset of ui/keymap.h; NULL: the default */
    const char *own_keys[OPTIONS_MAX_TEXTS]; /* as keymap_bind takes them */
    uint32_t own_key_count;
    enum sandbox_choice sandbox;
    struct create_options create;
    const char *from; /* a word of import_kind_word; NULL: found out */
    bool help, version;
    char **torrents; /* the arguments, NULL-terminated */
    int torrent_count;
};

/* Reads ARGV, whose pointers are reordered. On bad usage prints what is wrong on standard
 * error and returns EXIT_STATUS_USAGE; else EXIT_STATUS_OK. */
enum exit_status options_parse(int argc, char **argv, struct options *ret_options);

/* What the command line and the configuration file must not say together; the same on
 * failure. */
enum exit_status options_check(const struct options *options);

struct keymap; /* ui/keymap.h */
/* The keys of the interface: those of the preset, then the user's own. */
void options_keymap(const struct options *options, struct keymap *ret_map);

/* The level (-1, 0, 1) that TEXT, LIST:LEVEL, gives to its list of *ret_length bytes. */
#define OPTION_NO_PRIORITY 2
int option_priority(const char *text, size_t *ret_length);

/* For COMMAND: what it does, and the options that go with it. */
void options_print_help(const struct command *command);
void options_print_version(void);

#endif
