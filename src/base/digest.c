#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    EVP_MD_CTX *context;
    EVP_MD *method; /* fetched once: a fetch at each reset is dear */
};

struct digest *digest_new(enum digest_kind kind)
{
    struct digest *digest = calloc(1, sizeof *digest);
    if (digest == NULL)
        return NULL;
    digest->method = EVP_MD_fetch(NULL, kind == DIGEST_SHA1 ? "SHA1" : "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    if (digest->method == NULL || digest->context == NULL ||
        EVP_DigestInit_ex2(digest->context, digest->method, NULL) != 1) {
        digest_free(digest);
        return NULL;
    }
    return digest;
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->method);
    free(digest);
}

void digest_reset(struct digest *digest)
{
    EVP_DigestInit_ex2(digest->context, digest->method, NULL);
}

void digest_update(struct digest *digest, const void *bytes, size_t length)
{
    EVP_DigestUpdate(digest->context, bytes, length);
}

void digest_final(struct digest *digest, uint8_t *ret_bytes)
{
    EVP_DigestFinal_ex(digest->context, ret_bytes, NULL);
}

void digest_sha1(const void *bytes, size_t length, uint8_t ret_bytes[SHA1_BYTES])
{
    SHA1(bytes, length, ret_bytes);
}

void digest_sha256(const void *bytes, size_t length, uint8_t ret_bytes[SHA256_BYTES])
{
    SHA256(bytes, length, ret_bytes);
}

void digest_hmac_sha256(const void *key, size_t key_length, const void *bytes,
                        size_t length, uint8_t ret_code[SHA256_BYTES])
{
    HMAC(EVP_sha256(), key, (int)key_length, bytes, length, ret_code, NULL);
}

void info_hash_hex(const struct info_hash *hash, char ret_text[INFO_HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA1_BYTES; i++) {
        ret_text[2 * i] = digits[hash->bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    ret_text[2 * SHA1_BYTES] = '\0';
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool info_hash_from_hex(const char *text, size_t length, struct info_hash *ret_hash)
{
    struct info_hash hash;
    if (length != 2 * SHA1_BYTES)
        return false;
    for (size_t i = 0; i < SHA1_BYTES; i++) {
        const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_hash = hash;
    return true;
}

bool info_hash_equal(const struct info_hash *a, const struct info_hash *b)
{
    return memcmp(a->bytes, b->bytes, SHA1_BYTES) == 0;
}

uint32_t digest_crc32(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}
