/* What the files of the handshake share. */
#ifndef BTTUI_NET_MSE_PRIVATE_H
#define BTTUI_NET_MSE_PRIVATE_H

#include "net/mse.h"

#define MSE_VC_BYTES     8u /* the verification constant: zeros */
#define MSE_HELD_BYTES   (MSE_KEY_BYTES + MSE_PAD_MOST + 2 * SHA1_BYTES + 64u)
#define MSE_CHOICE_BYTES (MSE_VC_BYTES + 4u + 2u)

enum mse_state {
    MSE_AT_KEY,     /* 96 bytes */
    MSE_AT_TURN,    /* answerer: until mse_answer */
    MSE_AT_SYNC,    /* looks for the end of the other's first padding */
    MSE_AT_TORRENT, /* answerer: 20 bytes */
    MSE_AT_LOOKUP,  /* answerer: until mse_agree */
    MSE_AT_CHOICE,  /* VC, methods, length of padding */
    MSE_AT_PADDING,
    MSE_AT_INITIAL, /* answerer: length of IA */
    MSE_AT_END,
    MSE_AT_FAILURE
};

struct mse {
    struct mse_group *group;
    const struct random_source *random;
    bool calls, strong;
    unsigned methods, method;
    enum mse_state state;
    struct info_hash skey;
    uint8_t own_private[MSE_PRIVATE_BYTES];
    uint8_t secret[MSE_KEY_BYTES];
    uint8_t mark[SHA1_BYTES]; /* what ends the padding that is searched */
    uint8_t torrent[SHA1_BYTES];
    uint32_t mark_bytes;
    uint32_t padding_left;
    uint32_t initial; /* the length of IA */
    struct rc4 in, out_cipher;
    struct buffer first; /* a caller's IA */
    struct buffer out;
    uint32_t at, held; /* of `bytes`: what was looked at, what is there */
    uint8_t bytes[MSE_HELD_BYTES];
};

/* mse_say.c; false: out of memory */
bool mse_say_key(struct mse *mse);
/* VC, crypto_provide or _select, and a padding of zeros. */
bool mse_say_choice(struct mse *mse, unsigned methods);
/* The third message. */
bool mse_say_request(struct mse *mse);
/* HASH(LABEL, S). */
void mse_hash_secret(const struct mse *mse, const char label[4],
                     uint8_t ret_bytes[SHA1_BYTES]);
void mse_start_ciphers(struct mse *mse);

#endif
