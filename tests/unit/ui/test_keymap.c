/* The table of keys contradicts itself nowhere, and hides nothing. */
#include "tests/unit/ui/check_ui.h"

#include "ui/keymap.h"

#include <string.h>

/* The places that have keys, as the screen makes them. */
static const uint32_t places[] = {
    SCOPE_ANY | SCOPE_TORRENTS | SCOPE_TABLE,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_PEERS | SCOPE_TABLE,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_PIECES,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_FILES | SCOPE_TABLE,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_TRACKERS | SCOPE_TABLE,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_GRAPH,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_INFO,
    SCOPE_ANY | SCOPE_DETAIL | SCOPE_LOG | SCOPE_TABLE,
    SCOPE_ANY | SCOPE_COLUMNS,
    SCOPE_COPY,
};
enum { PLACES = sizeof places / sizeof *places };

static const char *const presets[] = {"default", "rtorrent", "emacs"};
enum { PRESETS = sizeof presets / sizeof *presets };
static struct keymap map;

static void setup(void)
{
    keymap_init(&map);
}

static bool entry_has(size_t number, uint32_t key)
{
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (map.keys[number][i] == key)
            return true;
    return false;
}

START_TEST(no_key_means_two_things_in_one_scope)
{
    ck_assert(keymap_use_preset(&map, presets[_i]));
    for (size_t a = 0; a < keymap_count; a++)
        for (size_t b = a + 1; b < keymap_count; b++)
            for (size_t i = 0; i < KEYMAP_KEYS && map.keys[a][i] != 0; i++)
                if ((keymap_entries[a].scopes & keymap_entries[b].scopes) != 0)
                    ck_assert_msg(!entry_has(b, map.keys[a][i]), "%s and %s share a key",
                                  keymap_entries[a].name, keymap_entries[b].name);
}
END_TEST

START_TEST(every_entry_can_be_reached_somewhere)
{
    ck_assert(keymap_use_preset(&map, presets[_i]));
    for (size_t e = 0; e < keymap_count; e++) {
        bool found = false;
        for (int p = 0; p < PLACES; p++) {
            const uint32_t key = keymap_key(&map, &keymap_entries[e], places[p]);
            if (key == 0)
                continue;
            found = true;
            ck_assert_int_eq(keymap_find(&map, places[p], key), keymap_entries[e].action);
        }
        ck_assert_msg(found, "%s has no key anywhere", keymap_entries[e].name);
    }
}
END_TEST

START_TEST(every_entry_is_explained)
{
    for (size_t e = 0; e < keymap_count; e++) {
        ck_assert_ptr_nonnull(keymap_entries[e].name);
        ck_assert_ptr_nonnull(keymap_entries[e].help);
        ck_assert_int_eq(keymap_entries[e].help[strlen(keymap_entries[e].help) - 1], '.');
        ck_assert(keymap_entries[e].word == NULL || strlen(keymap_entries[e].word) <= 12);
    }
}
END_TEST

START_TEST(the_most_special_place_wins)
{
    const uint32_t list = SCOPE_ANY | SCOPE_TORRENTS | SCOPE_TABLE;
    const uint32_t detail = SCOPE_ANY | SCOPE_DETAIL | SCOPE_INFO;
    ck_assert_int_eq(keymap_find(&map, list, 'q'), ACTION_LEAVE);
    ck_assert_int_eq(keymap_find(&map, detail, 'q'), ACTION_BACK);
    ck_assert_int_eq(keymap_find(&map, list, '1'), ACTION_SHOW_ALL);
    ck_assert_int_eq(keymap_find(&map, detail, '1'), ACTION_TAB_1);
    ck_assert_int_eq(keymap_find(&map, detail, 's'), ACTION_NONE);
    ck_assert_int_eq(keymap_find(&map, list, 0), ACTION_NONE);
    ck_assert_int_eq(keymap_find(&map, list, 0x1f600), ACTION_NONE);
}
END_TEST

static const uint32_t in_list = SCOPE_ANY | SCOPE_TORRENTS | SCOPE_TABLE;
static const uint32_t in_peers = SCOPE_ANY | SCOPE_DETAIL | SCOPE_PEERS | SCOPE_TABLE;

START_TEST(presets_have_the_keys_of_those_programs)
{
    ck_assert(!keymap_use_preset(&map, "vi"));
    ck_assert_int_eq(keymap_find(&map, in_list, 'j'), ACTION_DOWN); /* nothing changed */
    ck_assert(keymap_use_preset(&map, "rtorrent"));
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('n')), ACTION_DOWN);
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('d')), ACTION_PAUSE);
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_ERASE), ACTION_ADD);
    ck_assert_int_eq(keymap_find(&map, in_peers, 'k'), ACTION_PEER_KICK);
    ck_assert_int_eq(keymap_find(&map, in_peers, KEY_CONTROL('b')), ACTION_BACK);
    ck_assert(keymap_use_preset(&map, "emacs"));
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('d')), ACTION_NONE);
    ck_assert_int_eq(keymap_find(&map, in_list, 'v' | KEY_MOD_ALT), ACTION_PAGE_UP);
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('v')), ACTION_PAGE_DOWN);
    ck_assert_int_eq(keymap_find(&map, in_peers, KEY_CONTROL('g')), ACTION_BACK);
    ck_assert(keymap_use_preset(&map, "default"));
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('v')), ACTION_NONE);
}
END_TEST

static void bind(const char *text)
{
    const char *fault;
    ck_assert_msg(keymap_bind(&map, text, &fault), "%s", fault);
}

START_TEST(a_key_of_the_users_is_taken_from_who_had_it)
{
    char names[KEYMAP_KEYS_SIZE];
    bind("pause  x F5 M-p ^t");
    ck_assert_int_eq(keymap_find(&map, in_list, 'p'), ACTION_NONE);
    ck_assert_int_eq(keymap_find(&map, in_list, 'x'), ACTION_PAUSE);
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CODE_F1 + 4), ACTION_PAUSE);
    ck_assert_int_eq(keymap_find(&map, in_list, 'p' | KEY_MOD_ALT), ACTION_PAUSE);
    ck_assert_int_eq(keymap_find(&map, in_list, KEY_CONTROL('t')), ACTION_PAUSE);
    ck_assert_int_eq(keymap_find(&map, in_peers, 'p'), ACTION_PEER_PAUSE); /* another */
    bind("remove p Del");
    bind("add d");
    ck_assert_int_eq(keymap_find(&map, in_list, 'p'), ACTION_REMOVE);
    ck_assert_int_eq(keymap_find(&map, in_list, 'd'), ACTION_ADD);
    ck_assert_int_eq(keymap_find(&map, in_list, 'a'), ACTION_NONE);
    for (size_t i = 0; i < keymap_count; i++)
        if (keymap_entries[i].action == ACTION_REMOVE)
            ck_assert_str_eq(
                keymap_key_names(&map, &keymap_entries[i], in_list, true, names),
                "p Del");
    bind("quit");
    ck_assert_int_eq(keymap_find(&map, in_list, 'Q'), ACTION_NONE);
}
END_TEST

START_TEST(what_is_no_command_or_no_key_is_pointed_at)
{
    static const struct {
        const char *text;
        size_t fault;
    } wrong[] = {
        {"", 0},          {"paus p", 0},     {"pause x Enterr", 8},
        {"pause ab", 6},  {"pause C-1", 6},  {"pause 1 2 3 4 5 6", 16},
        {"pause S-x", 6}, {"pause \x7f", 6}, {"pause F13", 6},
        {"pause X-a", 6}, {"pause \xff", 6},
    };
    const struct keymap before = map;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *fault;
        ck_assert_msg(!keymap_bind(&map, wrong[i].text, &fault), "%s", wrong[i].text);
        ck_assert_uint_eq((size_t)(fault - wrong[i].text), wrong[i].fault);
        ck_assert_int_eq(memcmp(&map, &before, sizeof map), 0);
    }
}
END_TEST

START_TEST(every_key_is_read_as_it_is_written)
{
    for (size_t i = 0; i < keymap_count; i++)
        for (size_t k = 0; k < KEYMAP_KEYS && keymap_entries[i].keys[k] != 0; k++) {
            char name[KEY_NAME_SIZE];
            uint32_t key = 0;
            key_name(keymap_entries[i].keys[k], true, name);
            ck_assert_msg(key_parse(name, strlen(name), &key), "%s", name);
            ck_assert_uint_eq(key, keymap_entries[i].keys[k]);
        }
}
END_TEST

Suite *test_keymap_suite(void)
{
    Suite *suite = suite_create("keymap");
    TCase *tests = tcase_create("keymap");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, no_key_means_two_things_in_one_scope, 0, PRESETS);
    tcase_add_loop_test(tests, every_entry_can_be_reached_somewhere, 0, PRESETS);
    tcase_add_test(tests, every_entry_is_explained);
    tcase_add_test(tests, the_most_special_place_wins);
    tcase_add_test(tests, presets_have_the_keys_of_those_programs);
    tcase_add_test(tests, a_key_of_the_users_is_taken_from_who_had_it);
    tcase_add_test(tests, what_is_no_command_or_no_key_is_pointed_at);
    tcase_add_test(tests, every_key_is_read_as_it_is_written);
    suite_add_tcase(suite, tests);
    return suite;
}
