/* DESIGN.md's JSON lines: every event, every field, whatever the names. */
#include "app/json_lines.h"
#include "app/json_text.h"
#include "tests/unit/app/check_app.h"
#include "torrent/looks.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct torrent_info info = {
    .id = {0, 1},
    .hash = {{0xab, 0xcd}},
    .name = "n",
    .state = TORRENT_STATE_DOWNLOADING,
    .total_bytes = UINT64_C(1) << 40,
    .done_bytes = 5,
    .down_rate = 6,
    .up_rate = 7,
    .uploaded = 8,
    .pieces = 9,
    .peers_connected = 10,
    .seeds_connected = 11,
    .eta_s = 12,
};
#define TORRENT                                                                          \
    "\"time\":1700000000.123,\"infohash\":"                                              \
    "\"abcd000000000000000000000000000000000000\",\"name\":\"n\""

/* The line must be exactly TEXT. */
static void is_line(json_t *line, const char *text)
{
    ck_assert_ptr_nonnull(line);
    char *got = json_text_line(line);
    ck_assert_str_eq(got, text);
    free(got);
    json_decref(line);
}

static json_t *line_of(const struct message *event, bool of_torrent)
{
    return json_line_event(NULL, event, 1700000000.1239, of_torrent ? &info : NULL);
}

START_TEST(events_are_lines_as_the_contract_says)
{
    struct message event = {.type = EVENT_LISTENING, .u.piece.piece = 6881};
    is_line(line_of(&event, false),
            "{\"event\":\"listening\",\"time\":1700000000.123,\"port\":6881}");
    event = (struct message){.type = EVENT_TORRENT_ADDED};
    is_line(line_of(&event, true), "{\"event\":\"added\"," TORRENT
                                   ",\"total_bytes\":1099511627776,\"pieces\":9}");
    event = (struct message){.type = EVENT_METADATA};
    is_line(line_of(&event, true), "{\"event\":\"metadata\"," TORRENT "}");
    event = (struct message){.type = EVENT_CHECKED, .u.piece.piece = 3};
    is_line(line_of(&event, true), "{\"event\":\"checked\"," TORRENT ",\"have\":3}");
    event = (struct message){.type = EVENT_CHECKPOINT, .u.piece.piece = 4};
    is_line(line_of(&event, true), "{\"event\":\"checkpoint\"," TORRENT ",\"have\":4}");
    event = (struct message){.type = EVENT_PIECE, .u.verified = {.piece = 5, .ok = true}};
    is_line(line_of(&event, true),
            "{\"event\":\"piece\"," TORRENT ",\"index\":5,\"ok\":true}");
    event.u.verified.ok = false;
    is_line(line_of(&event, true),
            "{\"event\":\"piece\"," TORRENT ",\"index\":5,\"ok\":false}");
    event = (struct message){.type = EVENT_COMPLETED};
    is_line(line_of(&event, true), "{\"event\":\"completed\"," TORRENT "}");
    event = (struct message){.type = EVENT_STOPPED};
    is_line(line_of(&event, true), "{\"event\":\"stopped\"," TORRENT "}");
}
END_TEST

START_TEST(peers_are_named_by_address_status_and_reason)
{
    struct message event = {.type = EVENT_PEER};
    ck_assert_int_eq(netaddr_parse("[::1]:80", 0, &event.u.peer_news.address),
                     ERROR_NONE);
    event.u.peer_news.status = PEER_STATUS_BLOCKED;
    event.u.peer_news.reason = PEER_REASON_PAUSED;
    is_line(line_of(&event, true),
            "{\"event\":\"peer\"," TORRENT
            ",\"address\":\"[::1]:80\",\"status\":\"blocked\",\"reason\":\"paused\"}");
    event.u.peer_news.status = PEER_STATUS_ACTIVE;
    event.u.peer_news.reason = PEER_REASON_NONE;
    event.u.peer_news.connected = true;
    event.u.peer_news.transport = PEER_TRANSPORT_UTP;
    event.u.peer_news.encryption = PEER_ENCRYPTION_RC4;
    event.u.peer_news.source = PEER_SOURCE_PEX;
#define ACTIVE                                                                           \
    "{\"event\":\"peer\"," TORRENT                                                       \
    ",\"address\":\"[::1]:80\",\"status\":\"active\",\"reason\":\"\","                   \
    "\"transport\":\"utp\",\"encryption\":\"rc4\",\"source\":\"pex\""
    is_line(line_of(&event, true), ACTIVE "}");
    event.u.peer_news.punched = true;
    is_line(line_of(&event, true), ACTIVE ",\"holepunch\":true}");
    event.type = EVENT_BAN;
    event.u.peer_news.reason = PEER_REASON_BANNED_DATA;
    is_line(line_of(&event, true), "{\"event\":\"ban\"," TORRENT
                                   ",\"address\":\"[::1]:80\",\"reason\":\"bad-data\"}");
}
END_TEST

START_TEST(what_people_are_told_is_a_line_too)
{
    char text[] = "a \"b\" \x1b[31m \xff \xe2\x80\xae";
    struct message event = {.type = EVENT_ERROR, .u.text.text = text};
    is_line(line_of(&event, false),
            "{\"event\":\"error\",\"time\":1700000000.123,\"message\":\"a \\\"b\\\" "
            "\\u001B[31m \\uFFFD \\u202E\"}");
    event.type = EVENT_WARNING;
    json_t *line = line_of(&event, true);
    ck_assert_str_eq(json_string_value(json_object_get(line, "event")), "warning");
    json_decref(line);
    is_line(json_line_warning("w", 1.5),
            "{\"event\":\"warning\",\"time\":1.5,\"message\":\"w\"}");
}
END_TEST

START_TEST(changes_have_no_line_of_their_own)
{
    const struct message changed = {.type = EVENT_TORRENT_CHANGED};
    const struct message removed = {.type = EVENT_TORRENT_REMOVED};
    ck_assert_ptr_null(line_of(&changed, true));
    ck_assert_ptr_null(line_of(&removed, true));
}
END_TEST

START_TEST(progress_has_numbers_as_numbers_and_an_unknown_end_as_null)
{
    struct torrent_info now = info;
    is_line(
        json_line_progress(&now, 1700000000.1239),
        "{\"event\":\"progress\"," TORRENT
        ",\"done_bytes\":5,\"total_bytes\":1099511627776,\"down_rate\":6,\"up_rate\":7,"
        "\"uploaded_bytes\":8,\"peers\":10,\"seeds\":11,\"state\":\"downloading\","
        "\"eta\":12}");
    now.eta_s = UINT64_MAX;
    json_t *line = json_line_progress(&now, 1);
    ck_assert(json_is_null(json_object_get(line, "eta")));
    ck_assert(json_is_real(json_object_get(line, "time")));
    json_decref(line);
}
END_TEST

START_TEST(states_are_the_words_of_the_contract)
{
    static const char *const words[TORRENT_STATE_COUNT] = {
        "checking", "metadata", "queued", "downloading", "seeding", "paused", "error"};
    for (int state = 0; state < TORRENT_STATE_COUNT; state++)
        ck_assert_str_eq(torrent_state_word((enum torrent_state)state), words[state]);
}
END_TEST

static const struct {
    const char *raw;
    size_t length;
    const char *json;
} texts[] = {
    {"", 0, "[\"\"]"},
    {"a\0b", 3, "[\"a\\u0000b\"]"},
    {"\x9b\xc2\x9b", 3, "[\"\\uFFFD\\u009B\"]"},
    {"\xed\xa0\x80", 3, "[\"\\uFFFD\\uFFFD\\uFFFD\"]"},
    {"\xf0\x9f\x98\x80", 4, "[\"\\uD83D\\uDE00\"]"},
    {"\"\\/\n", 4, "[\"\\\"\\\\/\\n\"]"},
    {"\x1b\x7f\x7f", 3, "[\"\\u001B\\u007F\\u007F\"]"},
};

START_TEST(any_bytes_are_a_string_of_ascii)
{
    json_t *array = json_array();
    json_array_append_new(array, json_text(texts[_i].raw, texts[_i].length));
    is_line(array, texts[_i].json);
}
END_TEST

Suite *suite_json_lines(void)
{
    Suite *suite = suite_create("json_lines");
    TCase *tcase = tcase_create("json_lines");
    tcase_add_test(tcase, events_are_lines_as_the_contract_says);
    tcase_add_test(tcase, peers_are_named_by_address_status_and_reason);
    tcase_add_test(tcase, what_people_are_told_is_a_line_too);
    tcase_add_test(tcase, changes_have_no_line_of_their_own);
    tcase_add_test(tcase, progress_has_numbers_as_numbers_and_an_unknown_end_as_null);
    tcase_add_test(tcase, states_are_the_words_of_the_contract);
    tcase_add_loop_test(tcase, any_bytes_are_a_string_of_ascii, 0,
                        sizeof texts / sizeof *texts);
    suite_add_tcase(suite, tcase);
    return suite;
}
