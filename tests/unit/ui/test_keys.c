/* What a terminal's bytes mean, however they are cut. */
#include "tests/unit/ui/check_ui.h"

#include "ui/keys.h"

#include <stdio.h>
#include <string.h>

/* Events as words: keys by name, pastes in [ ], clicks and wheels with their place. */
static char seen[4096];

static void note(void *context, const struct key_event *event)
{
    char name[KEY_NAME_SIZE];
    const size_t used = strlen(seen);
    char *at = seen + used;
    const size_t room = sizeof seen - used;
    (void)context;
    switch (event->type) {
    case KEY_EVENT_KEY:
        snprintf(at, room, "%s ", key_name(event->key, true, name));
        break;
    case KEY_EVENT_PASTE:
        snprintf(at, room, "[%.*s%s ", (int)event->length, event->text,
                 event->last ? "]" : "");
        break;
    case KEY_EVENT_CLICK:
        snprintf(at, room, "click%d,%d ", event->x, event->y);
        break;
    case KEY_EVENT_WHEEL:
        snprintf(at, room, "wheel%d,%d,%d ", event->x, event->y, event->by);
        break;
    }
}

static const struct {
    const char *bytes;
    const char *keys; /* with silence at the end */
} cases[] = {
    {"jkG/ ", "j k G / Space "},
    {"\r\n\t\x7f\x08", "Enter Enter Tab Backspace Backspace "},
    {"\x03\x06\x0c", "^C ^F ^L "},
    {"é日😀", "é 日 😀 "},
    {"\x1b", "Esc "},
    {"\x1b\x1b", "Esc Esc "},
    {"\x1bx\x1b\x7f", "M-x M-Backspace "},
    {"\x1bé", "M-é "},
    {"\x1b[A\x1b[B\x1b[C\x1b[D", "Up Down Right Left "},
    {"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF", "Up Down Right Left Home End "},
    {"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "Home End Home End Home End "},
    {"\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[Z", "Ins Del PgUp PgDn S-Tab "},
    {"\x1bOP\x1bOQ\x1bOR\x1bOS", "F1 F2 F3 F4 "},
    {"\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[24~", "F1 F5 F6 F10 F12 "},
    {"\x1b[[A\x1b[[E", "F1 F5 "}, /* the Linux console's */
    {"\x1b[1;5C\x1b[1;2A\x1b[3;3~", "C-Right S-Up M-Del "},
    {"\x1bOM\x1bOk\x1bOy", "Enter + 9 "}, /* the keypad's */
    /* answers to queries, and what is unknown, are no keys */
    {"\x1b[?1;2c\x1b[>41;354;0c\x1b[24;80R\x1b[0n\x1b[?2004;1$yx", "x "},
    {"\x1b]11;rgb:0000/0000/0000\x1b\\x", "x "},
    {"\x1b]52;c;cXVpdA==\x07x", "x "},
    {"\x1bP1$r0m\x1b\\x\x1b_Gi=1;OK\x1b\\y", "x y "},
    {"\x1b[I\x1b[O\x1b[999999999mq", "q "},
    {"\x1b[200~jkq\x1b[201~x", "[jkq] x "},
    {"\x1b[200~a\x1b[20b\x1b\x1b[201~", "[a\x1b[20b\x1b] "},
    {"\x1b[200~\x1b[201~", "[] "},
    {"\x1b[201~x", "x "},
    {"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<64;1;1M\x1b[<65;2;3M\x1b[<2;1;1M",
     "click4,6 wheel0,0,-1 wheel1,2,1 "},
    {"\x1b[<0;0;7M\x1b[<0;5Mx", "x "},
    {"\x1b[M !!x", "x "}, /* an old mouse report is swallowed */
    {"\xff\xc0\xfe\x9b"
     "31mx",
     "3 1 m x "},
    {"\xe6\x97x", "x "}, /* half a character */
    {"\x1b[12\x1b[A", "Up "},
    {"\x1b[1\x18x", "x "},
    {"\xc2\x9b", ""}, /* C1 as UTF-8 */
    {"\x1b[", "M-[ "},
    {"\x1bO", "M-O "},
    {"\x1b[1;", ""},
    {"\x1b]0;title", ""},
};
enum { CASES = sizeof cases / sizeof *cases };

static void feed_in_parts(const char *bytes, size_t length, size_t cut)
{
    struct key_decoder decoder;
    key_decoder_init(&decoder);
    seen[0] = '\0';
    key_decoder_feed(&decoder, bytes, cut, note, NULL);
    key_decoder_feed(&decoder, bytes + cut, length - cut, note, NULL);
    key_decoder_timeout(&decoder, note, NULL);
    ck_assert_uint_eq(key_decoder_patience_ms(&decoder), 0);
}

/* Chunks of a paste are joined for the comparison. */
static void join_pastes(void)
{
    char *gap;
    while ((gap = strstr(seen, " [")) != NULL && strchr(seen, ']') > gap)
        memmove(gap, gap + 2, strlen(gap + 2) + 1);
}

/* C16, C19 */
START_TEST(bytes_mean_the_same_wherever_they_are_cut)
{
    const size_t length = strlen(cases[_i].bytes);
    for (size_t cut = 0; cut <= length; cut++) {
        feed_in_parts(cases[_i].bytes, length, cut);
        ck_assert_str_eq(seen, cases[_i].keys);
    }
}
END_TEST

/* C19 */
START_TEST(a_huge_paste_comes_in_bounded_parts_and_never_as_keys)
{
    struct key_decoder decoder;
    size_t parts = 0;
    key_decoder_init(&decoder);
    seen[0] = '\0';
    key_decoder_feed(&decoder, "\x1b[200~", 6, note, NULL);
    for (int i = 0; i < 3000; i++)
        key_decoder_feed(&decoder, "q", 1, note, NULL);
    ck_assert_uint_eq(key_decoder_patience_ms(&decoder), 0); /* silence does not end it */
    key_decoder_feed(&decoder, "\x1b[201~", 6, note, NULL);
    for (const char *at = seen; (at = strchr(at, '[')) != NULL; at++)
        parts++;
    ck_assert_uint_eq(parts, 3);
    join_pastes();
    ck_assert_uint_eq(strspn(seen + 1, "q"), 3000);
    ck_assert_str_eq(seen + 3001, "] ");
}
END_TEST

/* C19 */
START_TEST(endless_sequences_end)
{
    struct key_decoder decoder;
    key_decoder_init(&decoder);
    seen[0] = '\0';
    key_decoder_feed(&decoder, "\x1b[", 2, note, NULL);
    for (int i = 0; i < 100000; i++)
        key_decoder_feed(&decoder, "9", 1, note, NULL);
    key_decoder_feed(&decoder, "~j", 2, note, NULL);
    ck_assert_str_eq(seen, "j ");
}
END_TEST

/* C16, C19: a slow line's pause inside a sequence does not make keys of its rest. */
START_TEST(only_a_lone_escape_is_decided_soon)
{
    static const char *const begun[] = {"\x1b[",    "\x1b[?62;", "\x1bO",   "\x1b]11;rgb",
                                        "\x1bP1$r", "\x1b[M ",   "\xe6\x97"};
    struct key_decoder decoder;
    key_decoder_init(&decoder);
    key_decoder_feed(&decoder, "\x1b", 1, note, NULL);
    ck_assert_uint_gt(key_decoder_patience_ms(&decoder), 0);
    ck_assert_uint_le(key_decoder_patience_ms(&decoder), 50);
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        key_decoder_init(&decoder);
        key_decoder_feed(&decoder, begun[i], strlen(begun[i]), note, NULL);
        ck_assert_uint_ge(key_decoder_patience_ms(&decoder), 300);
    }
}
END_TEST

START_TEST(keys_have_names_of_both_kinds)
{
    char name[KEY_NAME_SIZE];
    ck_assert_str_eq(key_name(KEY_CODE_UP, false, name), "↑");
    ck_assert_str_eq(key_name(KEY_CODE_UP, true, name), "Up");
    ck_assert_str_eq(key_name(KEY_CODE_F12, false, name), "F12");
    ck_assert_str_eq(key_name(KEY_CODE_BACK_TAB, true, name), "S-Tab");
}
END_TEST

Suite *test_keys_suite(void)
{
    Suite *suite = suite_create("keys");
    TCase *tests = tcase_create("keys");
    tcase_add_loop_test(tests, bytes_mean_the_same_wherever_they_are_cut, 0, CASES);
    tcase_add_test(tests, a_huge_paste_comes_in_bounded_parts_and_never_as_keys);
    tcase_add_test(tests, endless_sequences_end);
    tcase_add_test(tests, only_a_lone_escape_is_decided_soon);
    tcase_add_test(tests, keys_have_names_of_both_kinds);
    suite_add_tcase(suite, tests);
    return suite;
}
