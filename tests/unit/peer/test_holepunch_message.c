/* Messages of ut_holepunch (BEP 55) as bytes. */
#include "peer/holepunch_message.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

#define V4          "\x0b\0\0\1\x1a\xe1"
#define V6          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x1a\xe1"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    const uint8_t *bytes;
    size_t length;
    enum error_code result;
    enum holepunch_type type;
    const char *address;
    uint32_t error;
} messages[] = {
    {BYTES("\0\0" V4 "\0\0\0\0"), ERROR_NONE, HOLEPUNCH_RENDEZVOUS, "11.0.0.1:6881", 0},
    {BYTES("\0\0" V4), ERROR_NONE, HOLEPUNCH_RENDEZVOUS, "11.0.0.1:6881", 0},
    {BYTES("\1\1" V6 "\0\0\0\0"), ERROR_NONE, HOLEPUNCH_CONNECT, "[2001:db8::1]:6881", 0},
    {BYTES("\1\1" V6), ERROR_NONE, HOLEPUNCH_CONNECT, "[2001:db8::1]:6881", 0},
    {BYTES("\2\0" V4 "\0\0\0\3"), ERROR_NONE, HOLEPUNCH_ERROR, "11.0.0.1:6881", 3},
    {BYTES("\2\0" V4 "\xff\0\0\1"), ERROR_NONE, HOLEPUNCH_ERROR, "11.0.0.1:6881",
     0xff000001},
    /* what the code of a message that needs none says is nobody's business */
    {BYTES("\1\0" V4 "\0\0\0\4"), ERROR_NONE, HOLEPUNCH_CONNECT, "11.0.0.1:6881", 0},
    {BYTES("\2\0" V4), ERROR_LIMIT, 0, NULL, 0},
    {BYTES("\0\0" V4 "\0"), ERROR_LIMIT, 0, NULL, 0},
    {BYTES("\0\0" V4 "\0\0\0\0\0"), ERROR_LIMIT, 0, NULL, 0},
    {BYTES("\0\0" V6), ERROR_LIMIT, 0, NULL, 0},
    {BYTES("\0\1" V4), ERROR_LIMIT, 0, NULL, 0},
    {BYTES("\3\0" V4), ERROR_RANGE, 0, NULL, 0},
    {BYTES("\0\2" V4), ERROR_RANGE, 0, NULL, 0},
    {BYTES("\0"), ERROR_LIMIT, 0, NULL, 0},
    {BYTES(""), ERROR_LIMIT, 0, NULL, 0},
};

START_TEST(test_a_message_is_read_or_refused)
{
    struct holepunch_message message = {.error = 77};
    ck_assert_int_eq(
        holepunch_message_read(messages[_i].bytes, messages[_i].length, &message),
        messages[_i].result);
    if (messages[_i].result != ERROR_NONE) {
        ck_assert_uint_eq(message.error, 77);
        return;
    }
    const struct netaddr address = rig_address(messages[_i].address);
    ck_assert_int_eq(message.type, messages[_i].type);
    ck_assert_uint_eq(message.error, messages[_i].error);
    ck_assert(netaddr_equal(&message.address, &address));
}
END_TEST

/* Always with the error code, as BEP 55 has it. */
START_TEST(test_what_is_written_is_what_the_bep_says)
{
    struct holepunch_message message = {.type = HOLEPUNCH_ERROR,
                                        .address = rig_address("[2001:db8::1]:6881"),
                                        .error = HOLEPUNCH_NO_SELF};
    uint8_t bytes[HOLEPUNCH_BYTES_MAX];
    ck_assert_uint_eq(holepunch_message_write(&message, bytes), sizeof bytes);
    ck_assert_mem_eq(bytes, "\2\1" V6 "\0\0\0\4", sizeof bytes);
    message.type = HOLEPUNCH_CONNECT; /* the error is none of it */
    message.address = rig_address("11.0.0.1:6881");
    ck_assert_uint_eq(holepunch_message_write(&message, bytes), 12);
    ck_assert_mem_eq(bytes, "\1\0" V4 "\0\0\0\0", 12);
}
END_TEST

Suite *suite_holepunch_message(void)
{
    Suite *suite = suite_create("holepunch_message");
    TCase *tcase = tcase_create("holepunch_message");
    tcase_add_loop_test(tcase, test_a_message_is_read_or_refused, 0,
                        (int)(sizeof messages / sizeof *messages));
    tcase_add_test(tcase, test_what_is_written_is_what_the_bep_says);
    suite_add_tcase(suite, tcase);
    return suite;
}
