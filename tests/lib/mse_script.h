/*
 * The other side of an MSE/PE handshake (net/mse.h) whose every byte the test chooses:
 * its own reckoning of the secret and the keys, out of the specification.
 */
#ifndef BTTUI_TESTS_LIB_MSE_SCRIPT_H
#define BTTUI_TESTS_LIB_MSE_SCRIPT_H

#include "net/mse.h"

struct mse_script {
    struct mse_group *group;
    struct info_hash skey;
    uint8_t own_private[MSE_PRIVATE_BYTES];
    uint8_t secret[MSE_KEY_BYTES];
    struct rc4 out, in;
};

/* What it says after the hashes: the caller's crypto_provide with PadC and IA, or the
 * answerer's crypto_select with PadD. */
struct mse_offer {
    uint8_t vc; /* its first byte; the others are 0 */
    uint32_t methods;
    uint16_t padding;   /* as it says */
    uint32_t padded;    /* how much there is */
    bool has_initial;   /* a caller's */
    uint16_t initial;   /* as it says */
    const void *stream; /* what is there, and what follows; enciphered */
    size_t stream_bytes;
};

void mse_script_init(struct mse_script *script, struct mse_group *group,
                     const struct info_hash *skey, const struct random_source *random,
                     uint8_t ret_public[MSE_KEY_BYTES]);
/* False: THEIRS is no public key. CALLS: this side is the caller. */
bool mse_script_share(struct mse_script *script, const uint8_t theirs[MSE_KEY_BYTES],
                      bool calls);
/* The caller's two hashes. */
void mse_script_hashes(const struct mse_script *script,
                       uint8_t ret_hashes[2 * SHA1_BYTES]);
void mse_script_put(struct mse_script *script, struct buffer *buffer,
                    const struct mse_offer *offer);

#endif
