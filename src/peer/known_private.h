/* The addresses a torrent knows: who is called, who is let in, who makes room. */
#ifndef BTTUI_PEER_KNOWN_PRIVATE_H
#define BTTUI_PEER_KNOWN_PRIVATE_H

#include "peer/peer_private.h"
#include "peer/priority.h"

#define KNOWN_MAX 2000u

/* An address we know; its place names the peer. */
struct known {
    struct netaddr address; /* family NONE: a free place */
    enum peer_source source;
    struct netaddr
        teller; /* peer_key of who told of it by PEX; family NONE: others did */
    struct netaddr
        relay; /* peer_key of who may have it call us (BEP 55); family NONE: nobody */
    uint64_t asked_ns;   /* a relay was last asked for that; 0: never */
    uint64_t punched_ns; /* it was last called because a relay said so; 0: never */
    uint32_t generation; /* of the connection there is, or was last */
    uint32_t born;       /* the generation this address began with */
    uint8_t fails;
    bool paused, put_last, banned, dialable;
    bool is_self, is_seed; /* ourselves; wanted nothing when last seen */
    bool told_by_tracker;  /* too, by whatever else it was known first */
    bool forget;           /* when its last connection is buried */
    bool by_utp;           /* so it was reached last */
    bool by_v2,
        found_by_v1; /* of a hybrid: it is called by its v2 hash; how it was found */
    bool has_id;
    uint8_t peer_id[20];  /* when last connected */
    uint16_t listen_port; /* where it says it listens; 0: not told */
    enum peer_reason last_reason;
    uint64_t next_try_ns;
    uint64_t refused_until_ns; /* by a rule; 0: it is not */
    bool has_way, hidden_way;  /* how its last handshake was, and whether by MSE/PE */
    bool turned;               /* the last call failed one way: the next is the other */
    struct peer *peer;
    struct rival *rival;        /* a connection kept in reserve; NULL: there is none */
    struct peer_limits *limits; /* owned; NULL: it has none */
};

/* known.c */
uint32_t known_add(struct peer_manager *manager, const struct netaddr *address,
                   enum peer_source source); /* UINT32_MAX: full or refused */
/* The same for an address that TELLER, a peer_key, names by PEX: what is too much of it
 * (X19, X20) is refused. True: it is a new one, at *RET_PLACE. */
bool known_add_told(struct peer_manager *manager, const struct netaddr *address,
                    const struct netaddr *teller, uint32_t *ret_place);
/* Strangers' words, which anybody can make up. */
bool known_is_hearsay(enum peer_source source);
/* The address REF names, connected or not; NULL: another has its place now. */
struct known *known_named(const struct peer_manager *manager, struct peer_id_ref ref);
/* NULL: there is none. */
struct known *known_at(const struct peer_manager *manager, const struct netaddr *address);
/* Whether nothing of one who is not here needs to be remembered. */
bool known_is_of_no_use(const struct peer_manager *manager, const struct known *known);
void known_on_gone(struct peer_manager *manager, struct known *known,
                   const struct peer *peer, enum peer_reason reason);
void known_note_failure(struct peer_manager *manager, struct known *known);
/* Whether somebody is connected who says to listen at ADDRESS. */
bool known_is_connected_otherwise(const struct peer_manager *manager,
                                  const struct netaddr *address);
/* The user wants something of it that is kept while the session runs. */
bool known_is_noted(const struct known *known);
/* Forgets the address. */
void known_clear(struct peer_manager *manager, struct known *known);
/* A pause and limits hold across reconnections: PEER takes them over from where it was
 * before. */
void known_inherit(struct peer_manager *manager, struct peer *peer);

/* dial_order.c */
/* The places of those that may be dialled as far as KNOWN itself says, in the order in
 * which they are to be: each source in its turn (X19). At most as many as are known;
 * returns how many. */
uint32_t known_order(const struct peer_manager *manager, uint64_t now_ns,
                     uint32_t *ret_places);
/* Where we are seen, or think we are: the system is asked for what peers have not agreed
 * upon, so not for each peer. */
struct own_addresses {
    struct netaddr v4, v6;
};
struct own_addresses peer_own_addresses(const struct peer_manager *manager);
/* BEP 40 */
uint32_t known_priority(const struct own_addresses *own, const struct known *known);
/* Not before this time. */
uint64_t known_ready_ns(const struct peer_manager *manager, const struct known *known);

/* dial.c */
/* What failed before may not fail now: all are tried again within seconds. */
void known_network_changed(struct peer_manager *manager);
/* Something is wanted again: those that had no reason to stay are tried at once. */
void known_seek_seeds(struct peer_manager *manager);
bool known_host_has_room(const struct peer_manager *manager,
                         const struct netaddr *address);
void known_dial(struct peer_manager *manager);
/* The one at PLACE at once, whenever it failed last, by uTP alone, which goes on though
 * it is refused at first. False: it may not be called. */
bool known_dial_punching(struct peer_manager *manager, uint32_t place);
/* Below the caps: of the torrent, or of all. Dialled ones that have not answered count.
 */
bool known_torrent_has_room(const struct peer_manager *manager);
bool known_session_has_room(const struct peer_shared *shared);
/* Whether somebody is there to dial now. */
bool known_has_candidate(const struct peer_manager *manager);

/* room.c: who goes when all places are taken. */
/* For one who has come. False: nobody may be asked to go. */
bool room_make(struct peer_manager *manager);
/* For those who may be dialled, if it is time. True: dial at once, before somebody who
 * comes takes the place. */
bool room_seek(struct peer_manager *manager);

/* crossing.c: they and we call each other at the same time, from one address to the other
 */
/* STREAM came in with HANDSHAKE from PLACE, which somebody has. True: it has the place
 * now, which is empty. False: the stream is taken care of. */
bool crossing_settle(struct peer_manager *manager, uint32_t place, struct stream *stream,
                     const struct wire_handshake *handshake);
/* A call of ours that has come to nothing yet is given up. False: the place is taken. */
bool crossing_abandon(struct known *known);
/* Whoever had the place leaves it. What is kept for when they end that connection takes
 * its place; it is of no use when we do. Before known_on_gone. */
void crossing_on_gone(struct known *known, enum peer_reason reason);
/* Closes the one that is kept, if there is one. */
void crossing_drop(struct known *known);

/* refuse.c */
/* Each true: it has been closed by such a rule. */
bool peer_refuse_by_client(struct peer *peer);
bool peer_refuse_again(struct peer *peer); /* as one that came back */
bool peer_refuse_by_deeds(struct peer *peer);
bool known_is_refused(const struct peer_manager *manager, const struct known *known);
/* One of whom nothing else is to be remembered is forgotten. */
void known_forget_refusal(struct peer_manager *manager, struct known *known);
void refuse_tick(struct peer_manager *manager, struct known *known);
void refuse_done(struct peer_shared *shared);

/* hide.c: which connections are hidden by MSE/PE */
enum encryption_mode peer_shared_encryption(const struct peer_shared *shared);
struct mse_kit *peer_shared_kit(const struct peer_shared *shared);
/* What is offered or accepted then: enum mse_method, or-ed. */
unsigned encryption_methods(enum encryption_mode mode);
/* STREAM, which connects to KNOWN, as it is to be used; NULL: out of memory, and it is
 * still the caller's. */
struct stream *hide_call(struct peer_manager *manager, const struct known *known,
                         const struct info_hash *hash, struct stream *stream);
/* PEER, whom we called, has shaken hands: the next call begins so at once. */
void hide_on_handshake(struct peer *peer);
/* It is gone. True: it may be that it wants it the other way, which is tried next. */
bool hide_turn(struct peer_manager *manager, struct known *known, const struct peer *peer,
               enum peer_reason reason);

#endif
