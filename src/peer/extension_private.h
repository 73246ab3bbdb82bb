/* The extensions: each has a file of its own. */
#ifndef BTTUI_PEER_EXTENSION_PRIVATE_H
#define BTTUI_PEER_EXTENSION_PRIVATE_H

#include "peer/holepunch_message.h"
#include "peer/peer_manager_private.h"

/* extension.c */
enum error_code peer_on_extended(struct peer *peer, const uint8_t *body, uint32_t length);
/* A message that means nothing: so many are overlooked. */
enum error_code peer_on_extended_garbage(struct peer *peer) MUST_CHECK;
/* Our extension handshake, if it knows what that is. */
enum error_code peer_say_extension(struct peer *peer);
/* Whether its handshake had WHAT. */
bool peer_takes_extended(const struct peer *peer, enum wire_extended what);
/* A message of WHAT; none to one that does not take it. */
enum error_code peer_say_extended(struct peer *peer, enum wire_extended what,
                                  const void *body, size_t length) MUST_CHECK;
/* Each in a file of its own: what a message of it brings. BODY is what follows its
 * number.
 */
#define X(NAME, number, name)                                                            \
    enum error_code peer_on_##name(struct peer *peer, const uint8_t *body,               \
                                   uint32_t length) MUST_CHECK;
WIRE_EXTENSION_LIST(X)
#undef X

/* metadata.c */
/* How many bytes of the info dictionary others can have from us; 0: none. */
uint32_t metadata_bytes_given(const struct peer_manager *manager);
/* Of what it asked for, as much as goes into its buffer now. */
enum error_code peer_serve_metadata(struct peer *peer) MUST_CHECK;
enum error_code peer_ask_metadata(struct peer *peer, uint32_t piece) MUST_CHECK;
/* Its handshake says that the info dictionary has TOTAL bytes. */
void peer_note_metadata_offer(struct peer *peer, int64_t total);

/* pex.c (BEP 11) */
bool pex_is_on(const struct peer_manager *manager);
/* Tells it of who came and went, if there is news and its time has come. */
enum error_code peer_say_pex(struct peer *peer) MUST_CHECK;
void pex_talk_free(struct pex_talk *talk);
/* Whether PEER may be told of ADDRESS by us, or we by it (X20, X21). */
bool pex_may_be_told(const struct peer *peer, const struct netaddr *address);

/* holepunch.c (BEP 55) */
/* Peers speak of each other's addresses as in PEX, and what comes of it is uTP. */
bool holepunch_is_on(const struct peer_manager *manager);
/* PEER told by PEX that ADDRESS, which is known or not, takes part. */
void holepunch_note_relay(struct peer *peer, const struct netaddr *address);
/* CALLED, which we called, is gone without having answered: whoever told of it is asked
 * to have it call us. */
void holepunch_on_failed(struct peer_manager *manager, struct known *known,
                         const struct peer *called);
/* Of one who came in from there: a relay had us call it, or was asked to. */
bool holepunch_was_expected(const struct peer_manager *manager,
                            const struct known *known);
enum error_code peer_say_holepunch(struct peer *peer,
                                   const struct holepunch_message *message) MUST_CHECK;
/* What there was of a kind in this minute; false: no more of it. */
enum holepunch_count {
    HOLEPUNCH_SOUGHT, /* asked of it */
    HOLEPUNCH_SENT,   /* that it sent us to others */
    HOLEPUNCH_ASKED,  /* of us */
    HOLEPUNCH_TOLD,   /* that we told it to call */
    HOLEPUNCH_COUNTS
};
bool holepunch_count(struct peer *peer, enum holepunch_count what);
void holepunch_talk_free(struct holepunch_talk *talk);
bool peer_is_own_address(const struct peer_manager *manager,
                         const struct netaddr *address);

/* holepunch_relay.c */
enum error_code holepunch_on_rendezvous(struct peer *peer,
                                        const struct netaddr *target) MUST_CHECK;

/* hashes.c (BEP 52) */
/* BYTES: a request as on the wire. PEER_HASHES_REFUSED if it cannot be asked. */
enum error_code peer_ask_hashes(struct peer *peer, const uint8_t *bytes) MUST_CHECK;
/* What it asked for (PEER_HASHES_WANTED), or that it is refused. */
enum error_code peer_send_hashes(struct peer *peer, const uint8_t *bytes,
                                 uint32_t length) MUST_CHECK;
enum error_code peer_on_hash_message(struct peer *peer, uint8_t id, const uint8_t *body,
                                     uint32_t length) MUST_CHECK;

/* upload_only.c */
void peer_set_upload_only(struct peer *peer, bool on);

#endif
