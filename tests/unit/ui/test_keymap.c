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
};
enum { PLACES = sizeof places / sizeof *places };

static bool entry_has(const struct keymap_entry *entry, uint32_t key)
{
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (entry->keys[i] == key)
            return true;
    return false;
}

START_TEST(no_key_means_two_things_in_one_scope)
{
    for (size_t a = 0; a < keymap_count; a++)
        for (size_t b = a + 1; b < keymap_count; b++)
            for (size_t i = 0; i < KEYMAP_KEYS && keymap[a].keys[i] != 0; i++)
                if ((keymap[a].scopes & keymap[b].scopes) != 0)
                    ck_assert_msg(!entry_has(&keymap[b], keymap[a].keys[i]),
                                  "%s and %s share a key", keymap[a].name,
                                  keymap[b].name);
}
END_TEST

START_TEST(every_entry_can_be_reached_somewhere)
{
    for (size_t e = 0; e < keymap_count; e++) {
        bool found = false;
        for (int p = 0; p < PLACES; p++) {
            const uint32_t key = keymap_key(&keymap[e], places[p]);
            if (key == 0)
                continue;
            found = true;
            ck_assert_int_eq(keymap_find(places[p], key), keymap[e].action);
        }
        ck_assert_msg(found, "%s has no key anywhere", keymap[e].name);
    }
}
END_TEST

START_TEST(every_entry_is_explained)
{
    for (size_t e = 0; e < keymap_count; e++) {
        ck_assert_ptr_nonnull(keymap[e].name);
        ck_assert_ptr_nonnull(keymap[e].help);
        ck_assert_int_eq(keymap[e].help[strlen(keymap[e].help) - 1], '.');
        ck_assert(keymap[e].word == NULL || strlen(keymap[e].word) <= 12);
    }
}
END_TEST

START_TEST(the_most_special_place_wins)
{
    const uint32_t list = SCOPE_ANY | SCOPE_TORRENTS | SCOPE_TABLE;
    const uint32_t detail = SCOPE_ANY | SCOPE_DETAIL | SCOPE_INFO;
    ck_assert_int_eq(keymap_find(list, 'q'), ACTION_LEAVE);
    ck_assert_int_eq(keymap_find(detail, 'q'), ACTION_BACK);
    ck_assert_int_eq(keymap_find(list, '1'), ACTION_SHOW_ALL);
    ck_assert_int_eq(keymap_find(detail, '1'), ACTION_TAB_1);
    ck_assert_int_eq(keymap_find(detail, 's'), ACTION_NONE);
    ck_assert_int_eq(keymap_find(list, 0), ACTION_NONE);
    ck_assert_int_eq(keymap_find(list, 0x1f600), ACTION_NONE);
}
END_TEST

Suite *test_keymap_suite(void)
{
    Suite *suite = suite_create("keymap");
    TCase *tests = tcase_create("keymap");
    tcase_add_test(tests, no_key_means_two_things_in_one_scope);
    tcase_add_test(tests, every_entry_can_be_reached_somewhere);
    tcase_add_test(tests, every_entry_is_explained);
    tcase_add_test(tests, the_most_special_place_wins);
    suite_add_tcase(suite, tests);
    return suite;
}
