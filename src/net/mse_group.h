/*
 * The arithmetic of MSE/PE: Diffie and Hellman's agreement on a secret, in the group of
 * 768 bits that it names, with private exponents of 160 bits. Each of the two calls below
 * takes about 50 µs. Loop thread.
 */
#ifndef BTTUI_NET_MSE_GROUP_H
#define BTTUI_NET_MSE_GROUP_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define MSE_KEY_BYTES     96
#define MSE_PRIVATE_BYTES 20

struct mse_group;
/* NULL: out of memory. */
struct mse_group *mse_group_new(void);
void mse_group_free(struct mse_group *group);

/* A new private key and the public one that belongs to it. False: out of memory. */
bool mse_group_make_key(struct mse_group *group, const struct random_source *random,
                        uint8_t ret_private[MSE_PRIVATE_BYTES],
                        uint8_t ret_public[MSE_KEY_BYTES]);
/* What we have in common with the one whose public key is THEIRS. False: that is none (0,
 * 1, p - 1, p or more, which would give the secret away), or out of memory. */
bool mse_group_share(struct mse_group *group,
                     const uint8_t own_private[MSE_PRIVATE_BYTES],
                     const uint8_t theirs[MSE_KEY_BYTES],
                     uint8_t ret_secret[MSE_KEY_BYTES]);

#endif
