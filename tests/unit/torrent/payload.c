#include "tests/unit/torrent/payload.h"

#include "base/digest.h"
#include "base/merkle.h"
#include "meta/metainfo_write.h"
#include "torrent/session.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define TOTAL (PAYLOAD_PIECES * PAYLOAD_PIECE_BYTES)

static uint8_t bytes[TOTAL];
static uint8_t hashes[PAYLOAD_PIECES][SHA1_BYTES];

static void write_file(const char *dir)
{
    char path[256];
    for (uint32_t i = 0; i < PAYLOAD_PIECES; i++) {
        uint8_t *piece = bytes + i * PAYLOAD_PIECE_BYTES;
        memset(piece, (int)(i + 1), PAYLOAD_PIECE_BYTES);
        digest_sha1(piece, PAYLOAD_PIECE_BYTES, hashes[i]);
    }
    snprintf(path, sizeof path, "%s/payload", dir);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
}

void payload_make(const char *dir, struct buffer *ret_torrent)
{
    write_file(dir);
    buffer_init(ret_torrent, 65536);
    enum error_code error = buffer_printf(
        ret_torrent,
        "d4:infod6:lengthi%ue4:name7:payload12:piece lengthi%ue6:pieces%u:", TOTAL,
        PAYLOAD_PIECE_BYTES, PAYLOAD_PIECES * SHA1_BYTES);
    error |= buffer_append(ret_torrent, hashes, sizeof hashes);
    error |= buffer_append_text(ret_torrent, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
}

void payload_make_hybrid(const char *dir, struct buffer *ret_torrent)
{
    const struct metainfo_plan_file file = {.path = "payload", .length = TOTAL};
    uint8_t roots[PAYLOAD_PIECES][SHA256_BYTES], root[SHA256_BYTES];
    write_file(dir);
    for (uint32_t i = 0; i < PAYLOAD_PIECES; i++) /* each of a single block */
        digest_sha256(bytes + i * PAYLOAD_PIECE_BYTES, PAYLOAD_PIECE_BYTES, roots[i]);
    merkle_root(roots[0], PAYLOAD_PIECES, 0, 2, root);
    const struct metainfo_plan plan = {.format = METAINFO_HYBRID,
                                       .name = "payload",
                                       .files = &file,
                                       .file_count = 1,
                                       .piece_bytes = PAYLOAD_PIECE_BYTES,
                                       .piece_count = PAYLOAD_PIECES,
                                       .piece_hashes = hashes[0],
                                       .piece_roots = roots[0],
                                       .file_roots = root,
                                       .created_s = -1};
    buffer_init(ret_torrent, 65536);
    ck_assert_int_eq(metainfo_write(&plan, ret_torrent), ERROR_NONE);
}

uint8_t payload_v2_byte(uint32_t piece, uint32_t begin)
{
    return (uint8_t)(4 * piece + begin / BLOCK_BYTES + 1);
}

/* Its hashes by SHA-1 and its root; returns its bytes. */
static uint32_t make_v2_piece(FILE *file, uint32_t piece, uint8_t ret_sha1[SHA1_BYTES],
                              uint8_t ret_root[SHA256_BYTES])
{
    static uint8_t content[PAYLOAD_V2_PIECE_BYTES];
    uint8_t leaves[4][SHA256_BYTES];
    const uint32_t left = PAYLOAD_V2_BYTES - piece * PAYLOAD_V2_PIECE_BYTES;
    const uint32_t length = left < sizeof content ? left : (uint32_t)sizeof content;
    uint32_t blocks = 0;
    for (uint32_t at = 0; at < length; at += BLOCK_BYTES, blocks++) {
        const uint32_t rest = length - at;
        memset(content + at, payload_v2_byte(piece, at), BLOCK_BYTES);
        digest_sha256(content + at, rest < BLOCK_BYTES ? rest : BLOCK_BYTES,
                      leaves[blocks]);
    }
    digest_sha1(content, length, ret_sha1);
    merkle_root(leaves[0], blocks, 0, 2, ret_root);
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    return length;
}

void payload_make_v2(const char *dir, bool hybrid, struct buffer *ret_torrent)
{
    const struct metainfo_plan_file file = {.path = "payload",
                                            .length = PAYLOAD_V2_BYTES};
    uint8_t sha1s[PAYLOAD_V2_PIECES][SHA1_BYTES], root[SHA256_BYTES];
    uint8_t roots[PAYLOAD_V2_PIECES][SHA256_BYTES];
    char path[256];
    uint64_t written = 0;
    snprintf(path, sizeof path, "%s/payload", dir);
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    for (uint32_t i = 0; i < PAYLOAD_V2_PIECES; i++)
        written += make_v2_piece(stream, i, sha1s[i], roots[i]);
    fclose(stream);
    ck_assert_uint_eq(written, PAYLOAD_V2_BYTES);
    merkle_root(roots[0], PAYLOAD_V2_PIECES, 2, 3, root);
    const struct metainfo_plan plan = {.format = hybrid ? METAINFO_HYBRID : METAINFO_V2,
                                       .name = "payload",
                                       .files = &file,
                                       .file_count = 1,
                                       .piece_bytes = PAYLOAD_V2_PIECE_BYTES,
                                       .piece_count = PAYLOAD_V2_PIECES,
                                       .piece_hashes = sha1s[0],
                                       .piece_roots = roots[0],
                                       .file_roots = root,
                                       .created_s = -1};
    buffer_init(ret_torrent, 65536);
    ck_assert_int_eq(metainfo_write(&plan, ret_torrent), ERROR_NONE);
}

static void on_stopped(void *context)
{
    *(bool *)context = true;
}

static bool is_true(const void *context)
{
    return *(const bool *)context;
}

void payload_close(struct world *world, struct session *session)
{
    bool stopped = false;
    session_stop(session, on_stopped, &stopped);
    ck_assert(world_run_until(world, 10 * NS_PER_S, is_true, &stopped));
    session_free(session);
}
