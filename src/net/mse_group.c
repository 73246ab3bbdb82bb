#include "net/mse_group.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static const uint8_t prime[MSE_KEY_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68,
    0xc2, 0x34, 0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08,
    0x8a, 0x67, 0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a,
    0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd, 0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b,
    0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51,
    0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9,
    0xa6, 0x3a, 0x36, 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x05, 0x63,
};

struct mse_group {
    BN_CTX *scratch;
    BN_MONT_CTX *reduction; /* by the prime: worked out once */
    BIGNUM *prime, *generator, *most;
    BIGNUM *exponent, *base, *result;
};

struct mse_group *mse_group_new(void)
{
    struct mse_group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return NULL;
    *group = (struct mse_group){
        .scratch = BN_CTX_new(),
        .reduction = BN_MONT_CTX_new(),
        .prime = BN_bin2bn(prime, sizeof prime, NULL),
        .generator = BN_new(),
        .most = BN_new(),
        .exponent = BN_new(),
        .base = BN_new(),
        .result = BN_new(),
    };
    if (group->scratch != NULL && group->reduction != NULL && group->prime != NULL &&
        group->generator != NULL && group->most != NULL && group->exponent != NULL &&
        group->base != NULL && group->result != NULL &&
        BN_set_word(group->generator, 2) == 1 &&
        BN_copy(group->most, group->prime) != NULL && BN_sub_word(group->most, 2) == 1 &&
        BN_MONT_CTX_set(group->reduction, group->prime, group->scratch) == 1)
        return group;
    mse_group_free(group);
    return NULL;
}

void mse_group_free(struct mse_group *group)
{
    if (group == NULL)
        return;
    BN_clear_free(group->result);
    BN_clear_free(group->exponent);
    BN_free(group->base);
    BN_free(group->most);
    BN_free(group->generator);
    BN_free(group->prime);
    BN_MONT_CTX_free(group->reduction);
    BN_CTX_free(group->scratch);
    free(group);
}

/* BASE to the power of OWN_PRIVATE. */
static bool raise_to(struct mse_group *group, const BIGNUM *base,
                     const uint8_t own_private[MSE_PRIVATE_BYTES],
                     uint8_t ret_bytes[MSE_KEY_BYTES])
{
    return BN_bin2bn(own_private, MSE_PRIVATE_BYTES, group->exponent) != NULL &&
           BN_mod_exp_mont_consttime(group->result, base, group->exponent, group->prime,
                                     group->scratch, group->reduction) == 1 &&
           BN_bn2binpad(group->result, ret_bytes, MSE_KEY_BYTES) == MSE_KEY_BYTES;
}

bool mse_group_make_key(struct mse_group *group, const struct random_source *random,
                        uint8_t ret_private[MSE_PRIVATE_BYTES],
                        uint8_t ret_public[MSE_KEY_BYTES])
{
    random_fill(random, ret_private, MSE_PRIVATE_BYTES);
    return raise_to(group, group->generator, ret_private, ret_public);
}

bool mse_group_share(struct mse_group *group,
                     const uint8_t own_private[MSE_PRIVATE_BYTES],
                     const uint8_t theirs[MSE_KEY_BYTES],
                     uint8_t ret_secret[MSE_KEY_BYTES])
{
    return BN_bin2bn(theirs, MSE_KEY_BYTES, group->base) != NULL &&
           BN_cmp(group->base, group->generator) >= 0 &&
           BN_cmp(group->base, group->most) <= 0 &&
           raise_to(group, group->base, own_private, ret_secret);
}
