/* BEP 52 on the wire: which hash a connection goes by, and hash requests (HOSTILE.md X14
 * to X16). */
#include "base/merkle.h"
#include "meta/hash_tree.h"
#include "peer/peer_manager_private.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdlib.h>
#include <string.h>

#define PIECES 5u

static struct rig rig;
static struct script_peer remote;

static uint8_t piece_roots[PIECES * SHA256_BYTES], file_root[SHA256_BYTES];
static uint32_t file_number;
static struct metainfo_file file = {NULL, 0, PIECES * 32768 - 5, false};
static struct metainfo v2;

static void make_v2(bool v2_only)
{
    v2 = (struct metainfo){.v2_only = v2_only,
                           .hybrid = !v2_only,
                           .piece_bytes = 32768,
                           .piece_count = PIECES,
                           .files = &file,
                           .file_count = 1,
                           .file_roots = file_root,
                           .piece_roots = piece_roots,
                           .files_by_root = &file_number,
                           .rooted_count = 1};
    memset(v2.hash_v2, v2_only ? 'H' : '2', sizeof v2.hash_v2); /* the rig's is H */
    memset(piece_roots, 'r', sizeof piece_roots);
    merkle_root(piece_roots, PIECES, 1, 3, file_root);
}

static void begin(const struct metainfo *of)
{
    const struct rig_config config = {.pieces = PIECES, .have_all = true, .v2 = of};
    rig_init(&rig, &config);
    script_peer_init(&remote);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static struct script_hello hello_by(char letter, bool bit)
{
    struct script_hello hello = rig_hello(&rig, 'P', true, false);
    memset(hello.hash.bytes, letter, sizeof hello.hash.bytes);
    hello.v2 = bit;
    return hello;
}

static void dial(const struct script_hello *hello)
{
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remote, hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void listen_and_answer(const struct script_hello *hello)
{
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remote, hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static bool takes_hash_requests(void)
{
    struct hash_request request;
    uint8_t body[HASH_REQUEST_BYTES];
    struct script_message message;
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    hash_request_write(&request, body);
    script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
    if (!script_peer_find(&remote, WIRE_HASHES, &message))
        return false;
    ck_assert_uint_eq(message.length, HASH_REQUEST_BYTES + 8 * SHA256_BYTES);
    ck_assert_mem_eq(message.body, body, sizeof body);
    ck_assert(hash_tree_leads_to(&request, message.body + HASH_REQUEST_BYTES, file_root));
    return true;
}

enum kind { V1, V2_ONLY, HYBRID };

static const struct {
    const char *name;
    enum kind kind;
    bool incoming;
    char hash;     /* by which it comes, or answers */
    bool bit;      /* it says that it is ready for v2 */
    bool welcome;  /* is it */
    char our_hash; /* by which we answer, or come */
    bool our_bit;
    bool has_trees; /* it may ask for hashes */
} meetings[] = {
    {"v1, called", V1, true, 'H', false, true, 'H', false, false},
    {"X14: v1, called with the bit", V1, true, 'H', true, true, 'H', false, false},
    {"v1, called by what it has not", V1, true, '2', false, false, 0, false, false},
    {"v2, called", V2_ONLY, true, 'H', false, true, 'H', false, true},
    {"v2, calling", V2_ONLY, false, 'H', false, true, 'H', false, true},
    {"hybrid, called by v1", HYBRID, true, 'H', false, true, 'H', true, false},
    {"hybrid, called by v1, ready for v2", HYBRID, true, 'H', true, true, '2', false,
     true},
    {"hybrid, called by v2", HYBRID, true, '2', false, true, '2', false, true},
    {"hybrid, calling v1", HYBRID, false, 'H', false, true, 'H', true, false},
    {"hybrid, calling, answered by v2", HYBRID, false, '2', false, true, 'H', true, true},
    {"hybrid, answered by another", HYBRID, false, 'x', false, false, 'H', true, false},
};

static void check_meeting(int number)
{
    struct script_message message;
    make_v2(meetings[number].kind == V2_ONLY);
    begin(meetings[number].kind == V1 ? NULL : &v2);
    const struct script_hello hello =
        hello_by(meetings[number].hash, meetings[number].bit);
    if (meetings[number].incoming)
        dial(&hello);
    else
        listen_and_answer(&hello);
    ck_assert_msg((rig.count[PEER_HANDSHAKEN] == 1) == meetings[number].welcome, "%s",
                  meetings[number].name);
    if (meetings[number].our_hash != 0) {
        ck_assert(script_peer_next(&remote, &message));
        ck_assert_int_eq(message.id, SCRIPT_HANDSHAKE);
        ck_assert_msg(message.body[28] == meetings[number].our_hash &&
                          ((message.body[27] & 0x10) != 0) == meetings[number].our_bit,
                      "%s", meetings[number].name);
    }
    if (meetings[number].welcome)
        ck_assert_msg(takes_hash_requests() == meetings[number].has_trees, "%s",
                      meetings[number].name);
    end();
}

START_TEST(test_both_hashes_lead_to_the_one_torrent) /* X14 */
{
    for (size_t i = 0; i < sizeof meetings / sizeof *meetings; i++)
        check_meeting((int)i);
}
END_TEST

/* The hash by which somebody at 10.0.0.2:7000 is called next; it says nothing. */
static char hash_of_call(void)
{
    struct script_message hello;
    for (int i = 0; i < 600 && !remote.connected; i++)
        rig_run(&rig, NS_PER_S);
    ck_assert(script_peer_next(&remote, &hello));
    ck_assert_int_eq(hello.id, SCRIPT_HANDSHAKE);
    return (char)hello.body[28];
}

static void listen_anew(void)
{
    script_peer_done(&remote);
    script_peer_init(&remote);
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
}

static const struct {
    bool by_v1, by_v2; /* it was found */
    enum peer_source source;
    char hash; /* by which it is called */
} finds[] = {
    {true, false, PEER_SOURCE_TRACKER, 'H'}, {false, true, PEER_SOURCE_TRACKER, '2'},
    {true, true, PEER_SOURCE_DHT, 'H'},      {false, true, PEER_SOURCE_LSD, '2'},
    {false, true, PEER_SOURCE_MANUAL, 'H'},
};

/* A magnet link may have told it that one alone. */
START_TEST(test_who_was_found_by_the_v2_hash_alone_is_called_by_it)
{
    make_v2(false);
    begin(&v2);
    listen_anew();
    if (finds[_i].by_v2)
        rig_connect_v2(&rig, "10.0.0.2:7000", finds[_i].source);
    if (finds[_i].by_v1)
        rig_connect(&rig, "10.0.0.2:7000", finds[_i].source);
    ck_assert_int_eq(hash_of_call(), finds[_i].hash);
    const struct script_hello hello = hello_by(finds[_i].hash, false);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 1);
    ck_assert(takes_hash_requests() == (finds[_i].hash == '2'));
    end();
}
END_TEST

START_TEST(test_who_hangs_up_on_one_hash_is_called_by_the_other)
{
    make_v2(false);
    begin(&v2);
    peer_shared_set_encryption(rig.shared, ENCRYPTION_OFF);
    listen_anew();
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(hash_of_call(), i == 1 ? '2' : 'H');
        listen_anew();
    }
    end();
}
END_TEST

/* A link had the v2 hash; its metadata are a hybrid's. */
START_TEST(test_who_was_found_before_by_v2_is_called_by_it)
{
    struct info_hash v1;
    make_v2(false);
    begin(NULL);
    peer_shared_set_encryption(rig.shared, ENCRYPTION_OFF);
    listen_anew();
    memset(rig.manager->config.hash.bytes, '2', sizeof v1.bytes);
    memset(v1.bytes, 'H', sizeof v1.bytes);
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    ck_assert_int_eq(hash_of_call(), '2');
    listen_anew();
    rig_run(&rig, 50 * NS_PER_MS);
    peer_manager_set_hash(rig.manager, &v1);
    peer_manager_set_trees(rig.manager, &v2);
    ck_assert_int_eq(hash_of_call(), '2');
    end();
}
END_TEST

static void begin_v2(void)
{
    make_v2(true);
    begin(&v2);
    const struct script_hello hello = hello_by('H', false);
    dial(&hello);
}

START_TEST(test_what_cannot_be_answered_is_rejected) /* X15 */
{
    uint8_t body[HASH_REQUEST_BYTES];
    struct script_message message;
    begin_v2();
    struct hash_request request = {.base = 1, .count = UINT32_MAX, .proof = UINT32_MAX};
    for (int unknown = 0; unknown < 2; unknown++) {
        memcpy(request.root, file_root, sizeof request.root);
        request.root[0] ^= (uint8_t)unknown;
        hash_request_write(&request, body);
        script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
        rig_run(&rig, 50 * NS_PER_MS);
        ck_assert(script_peer_find(&remote, WIRE_HASH_REJECT, &message));
        ck_assert_uint_eq(message.length, HASH_REQUEST_BYTES);
        ck_assert_mem_eq(message.body, body, sizeof body);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

START_TEST(test_without_trees_nothing_is_answered) /* X14 */
{
    struct hash_request request;
    struct script_message message;
    uint8_t body[HASH_REQUEST_BYTES];
    begin_v2();
    rig.manager->config.metainfo.v2 = NULL; /* the metadata that came are of v1 */
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    hash_request_write(&request, body);
    script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(script_peer_find(&remote, WIRE_HASH_REJECT, &message));
    end();
}
END_TEST

START_TEST(test_a_flood_of_hash_requests_is_rejected)
{
    uint8_t body[HASH_REQUEST_BYTES];
    struct hash_request request;
    begin_v2();
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    hash_request_write(&request, body);
    for (int i = 0; i < 100; i++)
        script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
    rig_run(&rig, 200 * NS_PER_MS);
    struct script_message message;
    uint32_t answered = 0, rejected = 0;
    while (script_peer_next(&remote, &message)) {
        answered += message.id == WIRE_HASHES;
        rejected += message.id == WIRE_HASH_REJECT;
    }
    ck_assert_uint_eq(answered, 64);
    ck_assert_uint_eq(rejected, 36);
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert(takes_hash_requests());
    end();
}
END_TEST

static void ask_us_for_leaves(uint32_t piece, struct hash_request *ret_request)
{
    uint8_t body[HASH_REQUEST_BYTES];
    hash_tree_ask_leaves(&v2, piece, 0, ret_request);
    hash_request_write(ret_request, body);
    script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void send_hashes(const struct hash_request *request, uint32_t count)
{
    struct message message = {.type = PEER_SEND_HASHES, .peer = rig.peer};
    message.u.hashes.length = HASH_REQUEST_BYTES + count * SHA256_BYTES;
    message.u.hashes.bytes = calloc(1, message.u.hashes.length);
    hash_request_write(request, message.u.hashes.bytes);
    ck_assert_int_eq(bus_post(rig.requests, &message), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
}

/* Which takes the disk some time: there are four requests of a peer at a time. */
START_TEST(test_leaves_are_asked_of_who_has_the_data)
{
    const uint32_t count = _i == 1 ? 2 : 0; /* they come, or they do not */
    struct hash_request request, other;
    struct script_message message;
    begin_v2();
    ask_us_for_leaves(2, &request);
    ck_assert_uint_eq(rig.count[PEER_HASHES_WANTED], 1);
    for (uint32_t i = 0; i < 4; i++)
        ask_us_for_leaves(1, &other);
    ck_assert_uint_eq(rig.count[PEER_HASHES_WANTED], 4);
    ck_assert_uint_eq(script_peer_count(&remote, WIRE_HASH_REJECT), 1);
    send_hashes(&request, count);
    ck_assert(
        script_peer_find(&remote, _i == 1 ? WIRE_HASHES : WIRE_HASH_REJECT, &message));
    ck_assert_uint_eq(message.length, HASH_REQUEST_BYTES + count * SHA256_BYTES);
    ask_us_for_leaves(1, &other);
    ck_assert_uint_eq(rig.count[PEER_HASHES_WANTED], 5);
    end();
}
END_TEST

START_TEST(test_a_flood_of_requests_for_leaves_is_rejected)
{
    struct hash_request request;
    begin_v2();
    for (uint32_t i = 0; i < 20; i++) {
        hash_tree_ask_leaves(&v2, 2, 0, &request);
        uint8_t body[HASH_REQUEST_BYTES];
        hash_request_write(&request, body);
        script_peer_put(&remote, WIRE_HASH_REQUEST, body, sizeof body);
        rig_run(&rig, 5 * NS_PER_MS);
        if (rig.count[PEER_HASHES_WANTED] == i + 1)
            send_hashes(&request, 2);
    }
    ck_assert_uint_eq(rig.count[PEER_HASHES_WANTED], 8);
    ck_assert_uint_eq(script_peer_count(&remote, WIRE_HASH_REJECT), 12);
    end();
}
END_TEST

START_TEST(test_hashes_that_nobody_asked_for_end_the_connection) /* X16 */
{
    uint8_t body[HASH_REQUEST_BYTES + 2 * SHA256_BYTES] = {0};
    begin_v2();
    script_peer_put(&remote, WIRE_HASH_REJECT, body, HASH_REQUEST_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    script_peer_put(&remote, WIRE_HASHES, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    end();
}
END_TEST

static void ask(const struct hash_request *request)
{
    struct message message = {.type = PEER_ASK_HASHES, .peer = rig.peer};
    message.u.hashes.bytes = malloc(HASH_REQUEST_BYTES);
    message.u.hashes.length = HASH_REQUEST_BYTES;
    hash_request_write(request, message.u.hashes.bytes);
    ck_assert_int_eq(bus_post(rig.requests, &message), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void answer(const struct hash_request *request, uint32_t count)
{
    uint8_t body[HASH_REQUEST_BYTES + HASH_ANSWER_MAX * SHA256_BYTES] = {0};
    hash_request_write(request, body);
    script_peer_put(&remote, WIRE_HASHES, body,
                    HASH_REQUEST_BYTES + (size_t)count * SHA256_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
}

START_TEST(test_what_we_ask_for_is_taken_once) /* X16 */
{
    struct hash_request request;
    struct script_message message;
    uint8_t body[HASH_REQUEST_BYTES];
    begin_v2();
    ck_assert(peer_manager_takes_hash_requests(rig.manager, rig.peer));
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    hash_request_write(&request, body);
    ask(&request);
    ck_assert(script_peer_find(&remote, WIRE_HASH_REQUEST, &message));
    ck_assert_uint_eq(message.length, sizeof body);
    ck_assert_mem_eq(message.body, body, sizeof body);
    answer(&request, 8);
    ck_assert_uint_eq(rig.count[PEER_HASHES_ARRIVED], 1);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    answer(&request, 8);
    ck_assert_uint_eq(rig.count[PEER_HASHES_ARRIVED], 1);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    end();
}
END_TEST

START_TEST(test_hashes_of_another_number_or_request_end_the_connection) /* X16 */
{
    for (int other = 0; other < 2; other++) {
        struct hash_request request;
        begin_v2();
        hash_tree_ask_pieces(&v2, 0, 0, &request);
        ask(&request);
        request.index += other == 1 ? 8 : 0;
        answer(&request, other == 1 ? 8 : 7);
        ck_assert_uint_eq(rig.count[PEER_HASHES_ARRIVED], 0);
        ck_assert_uint_eq(rig.count[PEER_GONE], 1);
        end();
    }
}
END_TEST

START_TEST(test_a_refusal_is_told_once)
{
    struct hash_request request;
    uint8_t body[HASH_REQUEST_BYTES];
    begin_v2();
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    hash_request_write(&request, body);
    ask(&request);
    for (int i = 0; i < 2; i++)
        script_peer_put(&remote, WIRE_HASH_REJECT, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HASHES_REFUSED], 1);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

/* What is remembered of one that never answers has an end. */
START_TEST(test_one_that_does_not_answer_is_asked_no_more)
{
    struct hash_request request;
    struct script_message message;
    uint32_t asked = 0;
    begin_v2();
    for (uint32_t i = 0; i < 20; i++) {
        hash_tree_ask_pieces(&v2, 0, 0, &request);
        request.index = 8 * i;
        ask(&request);
    }
    while (script_peer_find(&remote, WIRE_HASH_REQUEST, &message))
        asked++;
    ck_assert_uint_eq(asked, 16);
    ck_assert_uint_eq(rig.count[PEER_HASHES_REFUSED], 4);
    end();
}
END_TEST

START_TEST(test_one_that_knows_v1_alone_is_not_asked)
{
    struct hash_request request;
    struct script_message message;
    make_v2(false);
    begin(&v2);
    const struct script_hello hello = hello_by('H', false);
    dial(&hello);
    ck_assert(!peer_manager_takes_hash_requests(rig.manager, rig.peer));
    hash_tree_ask_pieces(&v2, 0, 0, &request);
    ask(&request);
    ck_assert(!script_peer_find(&remote, WIRE_HASH_REQUEST, &message));
    ck_assert_uint_eq(rig.count[PEER_HASHES_REFUSED], 1);
    end();
}
END_TEST

START_TEST(test_hash_messages_have_their_lengths)
{
    for (uint8_t id = WIRE_HASH_REQUEST; id <= WIRE_HASH_REJECT; id++) {
        const bool answers = id == WIRE_HASHES;
        ck_assert(wire_length_is_legal(id, 49, 1) == !answers);
        ck_assert(!wire_length_is_legal(id, 48, 1) && !wire_length_is_legal(id, 50, 1));
        ck_assert(wire_length_is_legal(id, 49 + 32, 1) == answers);
        ck_assert(wire_length_is_legal(id, 49 + 32 * HASH_ANSWER_MAX, 1) == answers);
        ck_assert(!wire_length_is_legal(id, 49 + 32 * (HASH_ANSWER_MAX + 1), 1));
    }
}
END_TEST

Suite *suite_hashes(void)
{
    Suite *suite = suite_create("hashes");
    TCase *tcase = tcase_create("hashes");
    tcase_add_test(tcase, test_both_hashes_lead_to_the_one_torrent);
    tcase_add_loop_test(tcase, test_who_was_found_by_the_v2_hash_alone_is_called_by_it, 0,
                        sizeof finds / sizeof *finds);
    tcase_add_test(tcase, test_who_hangs_up_on_one_hash_is_called_by_the_other);
    tcase_add_test(tcase, test_who_was_found_before_by_v2_is_called_by_it);
    tcase_add_test(tcase, test_what_cannot_be_answered_is_rejected);
    tcase_add_test(tcase, test_without_trees_nothing_is_answered);
    tcase_add_test(tcase, test_a_flood_of_hash_requests_is_rejected);
    tcase_add_loop_test(tcase, test_leaves_are_asked_of_who_has_the_data, 0, 2);
    tcase_add_test(tcase, test_a_flood_of_requests_for_leaves_is_rejected);
    tcase_add_test(tcase, test_hashes_that_nobody_asked_for_end_the_connection);
    tcase_add_test(tcase, test_what_we_ask_for_is_taken_once);
    tcase_add_test(tcase, test_hashes_of_another_number_or_request_end_the_connection);
    tcase_add_test(tcase, test_a_refusal_is_told_once);
    tcase_add_test(tcase, test_one_that_does_not_answer_is_asked_no_more);
    tcase_add_test(tcase, test_one_that_knows_v1_alone_is_not_asked);
    tcase_add_test(tcase, test_hash_messages_have_their_lengths);
    suite_add_tcase(suite, tcase);
    return suite;
}
