#include "peer/wire.h"
#include "tests/unit/peer/check_peer.h"

#include <stdio.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof table / sizeof *table))

static const struct {
    uint8_t id;
    uint32_t pieces, least, most; /* legal lengths of the prefix */
} lengths[] = {
    {WIRE_CHOKE, 10, 1, 1},        {WIRE_UNCHOKE, 10, 1, 1},
    {WIRE_INTERESTED, 10, 1, 1},   {WIRE_NOT_INTERESTED, 10, 1, 1},
    {WIRE_HAVE, 10, 5, 5},         {WIRE_BITFIELD, 10, 3, 3},
    {WIRE_BITFIELD, 8, 2, 2},      {WIRE_BITFIELD, 2097152, 262145, 262145},
    {WIRE_REQUEST, 10, 13, 13},    {WIRE_PIECE, 10, 9, 9 + 128 * 1024},
    {WIRE_CANCEL, 10, 13, 13},     {WIRE_PORT, 10, 3, 3},
    {WIRE_SUGGEST, 10, 5, 5},      {WIRE_HAVE_ALL, 10, 1, 1},
    {WIRE_HAVE_NONE, 10, 1, 1},    {WIRE_REJECT, 10, 13, 13},
    {WIRE_ALLOWED_FAST, 10, 5, 5}, {WIRE_EXTENDED, 10, 2, 65538},
    {99, 10, 1, 262145},
};

static void check_each_type_has_its_lengths(int number)
{
    const uint8_t id = lengths[number].id;
    const uint32_t pieces = lengths[number].pieces;
    ck_assert(wire_length_is_legal(id, lengths[number].least, pieces));
    ck_assert(wire_length_is_legal(id, lengths[number].most, pieces));
    ck_assert(!wire_length_is_legal(id, lengths[number].most + 1, pieces));
    if (lengths[number].least > 1)
        ck_assert(!wire_length_is_legal(id, lengths[number].least - 1, pieces));
    ck_assert(!wire_length_is_legal(id, UINT32_MAX, pieces));
}

START_TEST(test_each_type_has_its_lengths)
{
    for (int i = 0; i < COUNT(lengths); i++)
        check_each_type_has_its_lengths(i);
}
END_TEST

START_TEST(test_a_handshake_comes_back_as_it_was)
{
    struct wire_handshake handshake = {.fast = _i & 1, .extended = _i & 2}, back;
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
    memset(handshake.hash.bytes, 7, sizeof handshake.hash.bytes);
    memset(handshake.peer_id, 9, sizeof handshake.peer_id);
    wire_handshake_write(&handshake, bytes);
    ck_assert_int_eq(wire_handshake_read(bytes, &back), ERROR_NONE);
    ck_assert(info_hash_equal(&back.hash, &handshake.hash));
    ck_assert_mem_eq(back.peer_id, handshake.peer_id, 20);
    ck_assert_int_eq(back.fast, handshake.fast);
    ck_assert_int_eq(back.extended, handshake.extended);
    for (size_t i = 0; i <= sizeof bytes; i++)
        ck_assert(wire_handshake_begins(bytes, i));
    for (size_t i = 0; i < 20; i++) {
        bytes[i] ^= 0x20;
        ck_assert(!wire_handshake_begins(bytes, i + 1));
        ck_assert_int_eq(wire_handshake_read(bytes, &back), ERROR_PROTOCOL);
        bytes[i] ^= 0x20;
    }
}
END_TEST

static const struct {
    const char *text;
    bool good;
    uint16_t port;
    uint32_t reqq;
    const char *client;
    int upload_only; /* -1: not told */
} extensions[] = {
    {"d1:md6:ut_pexi1ee1:pi6881e4:reqqi500e1:v5:a 1.0e", true, 6881, 500, "a 1.0", -1},
    {"de", true, 0, 0, "", -1},
    {"d1:pi0e4:reqqi0ee", true, 0, 1, "", -1},
    {"d1:pi70000e4:reqqi-1ee", true, 0, 1, "", -1},
    {"d4:reqqi1099511627776ee", true, 0, 2048, "", -1},
    {"d1:pi-1e4:reqq3:abc1:vi5e6:yourip5:12345e", true, 0, 0, "", -1},
    {"d1:v9:a\x1b[31mb\n\xff"
     "e",
     true, 0, 0, NULL, -1},
    {"d11:upload_onlyi1ee", true, 0, 0, "", 1},
    {"d11:upload_onlyi0ee", true, 0, 0, "", 0},
    {"d11:upload_onlyi-7ee", true, 0, 0, "", 1},
    {"d11:upload_only1:1e", true, 0, 0, "", -1},
    {"le", false, 0, 0, "", -1},
    {"i1e", false, 0, 0, "", -1},
    {"", false, 0, 0, "", -1},
    {"d1:pi1e1:pi2ee", false, 0, 0, "", -1},
    {"d1:m", false, 0, 0, "", -1},
    {"d1:mllllllllleeeeeeeeee", false, 0, 0, "", -1},
};

static void check_an_extension_handshake_is_read_with_care(int number)
{
    struct wire_extension extension = {.port = 1};
    const enum error_code error =
        wire_read_extension((const uint8_t *)extensions[number].text,
                            strlen(extensions[number].text), &extension);
    ck_assert_int_eq(error == ERROR_NONE, extensions[number].good);
    if (!extensions[number].good) {
        ck_assert_uint_eq(extension.port, 1);
        return;
    }
    ck_assert_uint_eq(extension.port, extensions[number].port);
    ck_assert_uint_eq(extension.reqq, extensions[number].reqq);
    ck_assert_int_eq(extension.tells_upload_only ? extension.upload_only : -1,
                     extensions[number].upload_only);
    if (extensions[number].client != NULL)
        ck_assert_str_eq(extension.client, extensions[number].client);
    for (const char *at = extension.client; *at != '\0'; at++)
        ck_assert((unsigned char)*at >= ' ' && *at != 0x7f);
}

START_TEST(test_an_extension_handshake_is_read_with_care)
{
    for (int i = 0; i < COUNT(extensions); i++)
        check_an_extension_handshake_is_read_with_care(i);
}
END_TEST

START_TEST(test_what_we_say_can_be_read)
{
    struct buffer buffer;
    struct netaddr yours;
    struct wire_extension extension;
    buffer_init(&buffer, 4096);
    ck_assert_int_eq(netaddr_parse("1.2.3.4:5", 0, &yours), ERROR_NONE);
    const struct wire_extension_offer offer = {.numbers = 1u << WIRE_EXTENDED_UPLOAD_ONLY,
                                               .port = 6881,
                                               .upload_only = true,
                                               .metadata_bytes = 31235,
                                               .your_ip = &yours};
    ck_assert_int_eq(wire_put_extension(&buffer, &offer), ERROR_NONE);
    ck_assert_uint_eq(be32_get(buffer.bytes) + 4, buffer.length);
    ck_assert_uint_eq(buffer.bytes[4], 20);
    ck_assert_uint_eq(buffer.bytes[5], 0);
    ck_assert_int_eq(wire_read_extension(buffer.bytes + 6, buffer.length - 6, &extension),
                     ERROR_NONE);
    ck_assert_uint_eq(extension.port, 6881);
    ck_assert(extension.upload_only);
    ck_assert_int_eq(extension.metadata_bytes, 31235);
    ck_assert_int_eq(extension.numbers[WIRE_EXTENDED_UPLOAD_ONLY],
                     WIRE_EXTENDED_UPLOAD_ONLY);
    ck_assert_uint_eq(extension.reqq, WIRE_REQQ);
    ck_assert_int_eq(strncmp(extension.client, "bttui ", 6), 0);
    buffer_done(&buffer);
}
END_TEST

/* X3 */
static const struct {
    const char *names; /* of `m` */
    int number;        /* theirs for upload_only */
} numbers[] = {
    {"11:upload_onlyi7e", 7},
    {"11:upload_onlyi255e", 255},
    {"11:upload_onlyi0e", 0},
    {"11:upload_onlyi256e", WIRE_EXTENDED_UNTOLD},
    {"11:upload_onlyi-1e", WIRE_EXTENDED_UNTOLD},
    {"11:upload_only1:7", WIRE_EXTENDED_UNTOLD},
    {"1:ai7e11:upload_onlyi7e", WIRE_EXTENDED_UNTOLD},
    {"1:ai0e11:upload_onlyi0e", 0},
    {"", WIRE_EXTENDED_UNTOLD},
};

static int number_told(const char *names)
{
    struct wire_extension extension;
    char text[4096];
    const int length = snprintf(text, sizeof text, "d1:md%see", names);
    ck_assert_int_eq(
        wire_read_extension((const uint8_t *)text, (size_t)length, &extension),
        ERROR_NONE);
    return extension.numbers[WIRE_EXTENDED_UPLOAD_ONLY];
}

START_TEST(test_a_number_is_taken_if_it_is_one_and_nobody_elses)
{
    for (int i = 0; i < COUNT(numbers); i++)
        ck_assert_int_eq(number_told(numbers[i].names), numbers[i].number);
}
END_TEST

/* X3 */
START_TEST(test_so_many_names_are_looked_at)
{
    char names[4096] = "";
    for (int i = 0; i < 64; i++)
        sprintf(names + strlen(names), "4:a%03di0e", i);
    strcat(names, "11:upload_onlyi7e");
    ck_assert_int_eq(number_told(names), WIRE_EXTENDED_UNTOLD);
    ck_assert_int_eq(number_told(names + strlen("4:a000i0e")), 7);
}
END_TEST

static const struct {
    const char *id, *name;
} names[] = {
    {"-TR3000-abcdefghijkl", "Transmission 3.0.0"},
    {"-lt0D80-abcdefghijkl", "rtorrent 0.D.8"},
    {"A2-1-36-0-abcdefghij", "aria2"},
    {"M7-9-2--abcdefghijkl", ""},
    {"-\x1b[1234-abcdefghijk", NULL},
    {"-\xff\xff"
     "1234-abcdefghijk",
     NULL},
};

static void check_clients_are_named_without_control_characters(int number)
{
    char name[WIRE_CLIENT_SIZE];
    wire_client_name((const uint8_t *)names[number].id, name);
    if (names[number].name != NULL)
        ck_assert_str_eq(name, names[number].name);
    for (const char *at = name; *at != '\0'; at++)
        ck_assert((unsigned char)*at >= ' ' && *at != 0x7f);
}

/* P46 */
START_TEST(test_clients_are_named_without_control_characters)
{
    for (int i = 0; i < COUNT(names); i++)
        check_clients_are_named_without_control_characters(i);
}
END_TEST

static enum error_code read_nested(int depth)
{
    char text[64] = "d1:x";
    const size_t lists = (size_t)depth - 1;
    memset(text + 4, 'l', lists);
    memset(text + 4 + lists, 'e', lists + 1);
    struct wire_extension extension;
    return wire_read_extension((const uint8_t *)text, 5 + 2 * lists, &extension);
}

/* TOKENS in all: the dictionary, a key, a list and its numbers. */
static enum error_code read_many(size_t tokens)
{
    char text[3 * 4200] = "d1:xl";
    size_t length = 5;
    for (size_t i = 3; i < tokens; i++, length += 3)
        memcpy(text + length, "i1e", 3);
    memcpy(text + length, "ee", 2);
    struct wire_extension extension;
    return wire_read_extension((const uint8_t *)text, length + 2, &extension);
}

START_TEST(test_a_bomb_in_an_extension_handshake_is_refused) /* X5 */
{
    ck_assert_int_eq(read_nested(8), ERROR_NONE);
    ck_assert_int_eq(read_nested(9), ERROR_DEPTH);
    ck_assert_int_eq(read_many(4096), ERROR_NONE);
    ck_assert_int_eq(read_many(4097), ERROR_TOKENS);
}
END_TEST

START_TEST(test_a_name_of_any_length_is_cut) /* X7 */
{
    char text[60100] = "d1:v60000:";
    memset(text + 10, 'x', 60000);
    memcpy(text + 10, "\x1b]0;", 4);
    text[60010] = 'e';
    struct wire_extension extension;
    ck_assert_int_eq(wire_read_extension((const uint8_t *)text, 60011, &extension),
                     ERROR_NONE);
    ck_assert_uint_lt(strlen(extension.client), sizeof extension.client);
    ck_assert_ptr_nonnull(strstr(extension.client, "]0;xxx"));
    ck_assert_ptr_null(strchr(extension.client, '\x1b'));
}
END_TEST

Suite *suite_wire(void)
{
    Suite *suite = suite_create("wire");
    TCase *tcase = tcase_create("wire");
    tcase_add_test(tcase, test_each_type_has_its_lengths);
    tcase_add_loop_test(tcase, test_a_handshake_comes_back_as_it_was, 0, 4);
    tcase_add_test(tcase, test_an_extension_handshake_is_read_with_care);
    tcase_add_test(tcase, test_what_we_say_can_be_read);
    tcase_add_test(tcase, test_a_number_is_taken_if_it_is_one_and_nobody_elses);
    tcase_add_test(tcase, test_so_many_names_are_looked_at);
    tcase_add_test(tcase, test_clients_are_named_without_control_characters);
    tcase_add_test(tcase, test_a_bomb_in_an_extension_handshake_is_refused);
    tcase_add_test(tcase, test_a_name_of_any_length_is_cut);
    suite_add_tcase(suite, tcase);
    return suite;
}
