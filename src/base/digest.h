/*
 * SHA-1 and SHA-256 through OpenSSL's libcrypto, which uses the CPU's SHA
 * instructions. Any thread; an object belongs to one thread at a time.
 */
#ifndef BTTUI_BASE_DIGEST_H
#define BTTUI_BASE_DIGEST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES   20
#define SHA256_BYTES 32

struct info_hash {
    uint8_t bytes[SHA1_BYTES];
};
#define INFO_HASH_HEX_SIZE (2 * SHA1_BYTES + 1)

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };

struct digest; /* incremental; reusable by digest_reset */
struct digest *
digest_new(enum digest_kind kind); /* NULL: out of memory or library failure */
void digest_free(struct digest *digest);
void digest_reset(struct digest *digest);
void digest_update(struct digest *digest, const void *bytes, size_t length);
/* Writes 20 or 32 bytes; reset before the next use. */
void digest_final(struct digest *digest, uint8_t *ret_bytes);

/* One-shot, no allocation visible to the caller. */
void digest_sha1(const void *bytes, size_t length, uint8_t ret_bytes[SHA1_BYTES]);
void digest_sha256(const void *bytes, size_t length, uint8_t ret_bytes[SHA256_BYTES]);

/* HMAC (RFC 2104) with SHA-256. */
void digest_hmac_sha256(const void *key, size_t key_length, const void *bytes,
                        size_t length, uint8_t ret_code[SHA256_BYTES]);

void info_hash_hex(const struct info_hash *hash, char ret_text[INFO_HASH_HEX_SIZE]);
/* 40 hex digits, any case; false on anything else. */
bool info_hash_from_hex(const char *text, size_t length, struct info_hash *ret_hash);
bool info_hash_equal(const struct info_hash *a, const struct info_hash *b);

/* CRC-32 (zlib polynomial), for state files. */
uint32_t digest_crc32(const void *bytes, size_t length);

#endif
