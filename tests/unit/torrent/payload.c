#include "tests/unit/torrent/payload.h"

#include "base/digest.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define TOTAL (PAYLOAD_PIECES * PAYLOAD_PIECE_BYTES)

void payload_make(const char *dir, struct buffer *ret_torrent)
{
    static uint8_t bytes[TOTAL];
    uint8_t hashes[PAYLOAD_PIECES][SHA1_BYTES];
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
    buffer_init(ret_torrent, 65536);
    enum error_code error = buffer_printf(
        ret_torrent,
        "d4:infod6:lengthi%ue4:name7:payload12:piece lengthi%ue6:pieces%u:", TOTAL,
        PAYLOAD_PIECE_BYTES, PAYLOAD_PIECES * SHA1_BYTES);
    error |= buffer_append(ret_torrent, hashes, sizeof hashes);
    error |= buffer_append_text(ret_torrent, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
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
