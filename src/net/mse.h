/*
 * Message Stream Encryption, also called Protocol Encryption (MSE/PE): the handshake that
 * hides BitTorrent from those who carry it, as a machine that is fed with bytes and says
 * what is to be sent. Whoever knows a torrent's info-hash (SKEY) can take part. It
 * connects nothing, waits for nothing and knows no time; net/mse_stream.h does. Loop
 * thread.
 *
 *   caller    -> Ya, PadA
 *   answerer  -> Yb, PadB
 *   caller    -> HASH('req1', S), HASH('req2', SKEY) ^ HASH('req3', S),
 *                RC4(VC, crypto_provide, len(PadC), PadC, len(IA), IA)
 *   answerer  -> RC4(VC, crypto_select, len(PadD), PadD), then the stream
 */
#ifndef BTTUI_NET_MSE_H
#define BTTUI_NET_MSE_H

#include "base/buffer.h"
#include "base/digest.h"
#include "net/mse_group.h"
#include "net/rc4.h"

#define MSE_PAD_MOST     512u  /* bytes of each padding */
#define MSE_INITIAL_MOST 4096u /* of IA, the begin of the stream in the third message */

/* What the stream is after the handshake: bits of crypto_provide and crypto_select. */
enum mse_method { MSE_PLAIN = 1, MSE_RC4 = 2 };

enum mse_status {
    MSE_GOES_ON,     /* it waits for more */
    MSE_HAS_KEY,     /* answerer: mse_answer has to follow, when there is time for it */
    MSE_HAS_TORRENT, /* answerer: mse_agree has to follow */
    MSE_DONE,        /* mse_finish has to follow */
    MSE_FAILED       /* this is no such handshake, or they do not agree */
};

/* Both ways of a stream after its handshake. */
struct mse_cipher {
    struct rc4 in, out;
    enum mse_method method;
    uint32_t initial_left; /* bytes that are still IA, whatever the method */
};

struct mse;
/* METHODS: enum mse_method, or-ed, that it offers or accepts; an answerer takes the
 * stronger of those on offer if STRONG, else the cheaper. GROUP and RANDOM outlive it.
 * NULL: out of memory. */
struct mse *mse_new_caller(struct mse_group *group, const struct random_source *random,
                           const struct info_hash *skey, unsigned methods);
struct mse *mse_new_answerer(struct mse_group *group, const struct random_source *random,
                             unsigned methods, bool strong);
void mse_free(struct mse *mse);

/* Caller: BYTES are the begin of the stream and travel with the handshake. False: there
 * is no room for them, or it is too late. */
bool mse_say_first(struct mse *mse, const void *bytes, size_t length);

/* Takes up to LENGTH bytes; not all of them in any status but MSE_GOES_ON. */
enum mse_status mse_feed(struct mse *mse, const uint8_t *bytes, size_t length,
                         size_t *ret_used);
enum mse_status mse_answer(struct mse *mse);
/* What mse_obfuscate makes of the torrent that the caller is after. */
void mse_wanted(const struct mse *mse, uint8_t ret_bytes[SHA1_BYTES]);
enum mse_status mse_agree(struct mse *mse, const struct info_hash *skey);

/* What is to be sent; whoever sends it consumes it. */
struct buffer *mse_out(struct mse *mse);

/* MSE_DONE: the stream begins. What was fed of it already is put into REST, deciphered.
 */
enum error_code mse_finish(struct mse *mse, struct mse_cipher *ret_cipher,
                           struct buffer *rest) MUST_CHECK;
/* What came, in place. */
void mse_decrypt(struct mse_cipher *cipher, uint8_t *bytes, size_t length);

/* HASH('req2', SKEY): how a caller names a torrent. */
void mse_obfuscate(const struct info_hash *skey, uint8_t ret_bytes[SHA1_BYTES]);

#endif
