/* Keys as a preset or the user has them. */
#include "ui/keymap.h"

#include <string.h>

void keymap_init(struct keymap *ret_map)
{
    *ret_map = (struct keymap){.keys = {{0}}};
    for (size_t i = 0; i < keymap_count; i++)
        memcpy(ret_map->keys[i], keymap_entries[i].keys, sizeof ret_map->keys[i]);
}

/* LENGTH bytes of NAME; keymap_count: there is none. */
static size_t find_name(const char *name, size_t length)
{
    size_t i = 0;
    while (i < keymap_count && (strlen(keymap_entries[i].name) != length ||
                                memcmp(keymap_entries[i].name, name, length) != 0))
        i++;
    return i;
}

static void take_away(struct keymap *map, size_t number, uint32_t key)
{
    uint32_t *keys = map->keys[number];
    size_t kept = 0;
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (keys[i] != key)
            keys[kept++] = keys[i];
    while (kept < KEYMAP_KEYS)
        keys[kept++] = 0;
}

/* A key means one thing in a scope. */
static void set_keys(struct keymap *map, size_t number, const uint32_t keys[KEYMAP_KEYS])
{
    for (size_t k = 0; k < KEYMAP_KEYS && keys[k] != 0; k++)
        for (size_t i = 0; i < keymap_count; i++)
            if ((keymap_entries[i].scopes & keymap_entries[number].scopes) != 0)
                take_away(map, i, keys[k]);
    memcpy(map->keys[number], keys, sizeof map->keys[number]);
}

/* ---- presets ---- */

struct preset_line {
    const char *name; /* of an entry; NULL ends the preset */
    uint32_t keys[KEYMAP_KEYS];
};

#define ALT(letter) ((letter) | KEY_MOD_ALT)

/* ^S, which starts a torrent there, stops the terminal unless the user has seen to that;
 * our p is both. */
static const struct preset_line rtorrent[] = {
    {"up", {KEY_CODE_UP, KEY_CONTROL('p')}},
    {"down", {KEY_CODE_DOWN, KEY_CONTROL('n')}},
    {"open", {KEY_CODE_RIGHT, KEY_CONTROL('f'), KEY_RETURN}},
    {"back", {KEY_ESCAPE, KEY_CODE_LEFT, KEY_CONTROL('b'), 'q'}},
    {"clear", {KEY_CODE_LEFT, KEY_CONTROL('b'), KEY_ESCAPE}},
    {"page-up", {KEY_CODE_PAGE_UP}},
    {"page-down", {KEY_CODE_PAGE_DOWN}},
    {"palette", {':'}},
    {"pause", {'p', KEY_CONTROL('s'), KEY_CONTROL('d')}},
    {"remove", {KEY_CODE_DELETE, KEY_CONTROL('k')}},
    {"add", {KEY_ERASE, 'a', KEY_CODE_INSERT}},
    {"verify", {KEY_CONTROL('r')}},
    {"move-data", {KEY_CONTROL('o')}},
    {"file-raise", {' ', '+', '='}},
    {"file-wanted", {KEY_RETURN}},
    {"folder", {KEY_CODE_RIGHT, KEY_CONTROL('f')}},
    {"folder-open", {'l'}},
    {"folder-close", {KEY_CODE_LEFT, KEY_CONTROL('b')}},
    {"peer-kick", {'k'}},
    {"show-all", {'1'}},
    {"show-paused", {'4'}},
    {"show-seeding", {'5', '8'}},
    {"show-downloading", {'6', '9'}},
    {"quit", {KEY_CONTROL('q'), 'Q'}},
    {NULL, {0}},
};

static const struct preset_line emacs[] = {
    {"up", {KEY_CONTROL('p'), KEY_CODE_UP}},
    {"down", {KEY_CONTROL('n'), KEY_CODE_DOWN}},
    {"page-up", {ALT('v'), KEY_CODE_PAGE_UP}},
    {"page-down", {KEY_CONTROL('v'), KEY_CODE_PAGE_DOWN}},
    {"first", {ALT('<'), KEY_CODE_HOME}},
    {"last", {ALT('>'), KEY_CODE_END}},
    {"open", {KEY_RETURN, KEY_CONTROL('f'), KEY_CODE_RIGHT}},
    {"back", {KEY_CONTROL('g'), KEY_CONTROL('b'), KEY_ESCAPE, KEY_CODE_LEFT, 'q'}},
    {"clear", {KEY_CONTROL('g'), KEY_CONTROL('b'), KEY_ESCAPE, KEY_CODE_LEFT}},
    {"map-left", {KEY_CONTROL('b'), KEY_CODE_LEFT}},
    {"map-right", {KEY_CONTROL('f'), KEY_CODE_RIGHT}},
    {"folder-open", {KEY_CONTROL('f'), KEY_CODE_RIGHT}},
    {"folder-close", {KEY_CONTROL('b'), KEY_CODE_LEFT}},
    {"palette", {ALT('x'), ':'}},
    {"filter", {KEY_CONTROL('s'), '/'}},
    {"undo", {KEY_CONTROL('_'), 'z'}},
    {"file-undo", {KEY_CONTROL('_'), 'z'}},
    {NULL, {0}},
};

bool keymap_use_preset(struct keymap *map, const char *name)
{
    static const struct {
        const char *name;
        const struct preset_line *lines;
    } presets[] = {{"default", NULL}, {"rtorrent", rtorrent}, {"emacs", emacs}};
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (strcmp(presets[i].name, name) != 0)
            continue;
        keymap_init(map);
        for (const struct preset_line *line = presets[i].lines;
             line != NULL && line->name != NULL; line++)
            set_keys(map, find_name(line->name, strlen(line->name)), line->keys);
        return true;
    }
    return false;
}

/* ---- the user's ---- */

bool keymap_bind(struct keymap *map, const char *text, const char **ret_fault)
{
    uint32_t keys[KEYMAP_KEYS] = {0};
    const char *at = text + strspn(text, " ");
    const size_t length = strcspn(at, " "), number = find_name(at, length);
    *ret_fault = at;
    if (number == keymap_count)
        return false;
    at += length;
    for (size_t count = 0;; count++) {
        at += strspn(at, " ");
        const size_t bytes = strcspn(at, " ");
        *ret_fault = at;
        if (bytes == 0)
            break;
        if (count == KEYMAP_KEYS || !key_parse(at, bytes, &keys[count]))
            return false;
        at += bytes;
    }
    set_keys(map, number, keys);
    return true;
}
