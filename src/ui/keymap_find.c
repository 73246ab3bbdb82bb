/* What a key does in a place, and which keys do something there. */
#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

/* How special ENTRY is in SCOPES; 0: it does not apply. */
static int rank_of(const struct keymap_entry *entry, uint32_t scopes)
{
    const uint32_t common = entry->scopes & scopes;
    if (common == 0)
        return 0;
    if ((common & ~(uint32_t)(SCOPE_ANY | SCOPE_DETAIL | SCOPE_TABLE)) != 0)
        return 4;
    return (common & SCOPE_TABLE) != 0 ? 3 : (common & SCOPE_DETAIL) != 0 ? 2 : 1;
}

static bool has_key(const uint32_t keys[KEYMAP_KEYS], uint32_t key)
{
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (keys[i] == key)
            return key != 0;
    return false;
}

static const struct keymap_entry *find_entry(const struct keymap *map, uint32_t scopes,
                                             uint32_t key)
{
    const struct keymap_entry *best = NULL;
    for (size_t i = 0; i < keymap_count; i++) {
        const struct keymap_entry *entry = &keymap_entries[i];
        if (has_key(map->keys[i], key) &&
            rank_of(entry, scopes) > (best != NULL ? rank_of(best, scopes) : 0))
            best = entry;
    }
    return best;
}

enum action keymap_find(const struct keymap *map, uint32_t scopes, uint32_t key)
{
    const struct keymap_entry *entry = find_entry(map, scopes, key);
    return entry != NULL ? entry->action : ACTION_NONE;
}

uint32_t keymap_key(const struct keymap *map, const struct keymap_entry *entry,
                    uint32_t scopes)
{
    const uint32_t *keys = map->keys[entry - keymap_entries];
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (keys[i] != 0 && find_entry(map, scopes, keys[i]) == entry)
            return keys[i];
    return 0;
}

const char *keymap_key_names(const struct keymap *map, const struct keymap_entry *entry,
                             uint32_t scopes, bool ascii, char ret_text[KEYMAP_KEYS_SIZE])
{
    const uint32_t *keys = map->keys[entry - keymap_entries];
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < KEYMAP_KEYS; i++) {
        char name[KEY_NAME_SIZE], one[KEY_NAME_SIZE + 1];
        if (keys[i] == 0 || find_entry(map, scopes, keys[i]) != entry)
            continue;
        const int more = snprintf(one, sizeof one, "%s%s", used > 0 ? " " : "",
                                  key_name(keys[i], ascii, name));
        if (more < 0 || (size_t)more >= KEYMAP_KEYS_SIZE - used)
            break;
        snprintf(ret_text + used, KEYMAP_KEYS_SIZE - used, "%s", one);
        used += (size_t)more;
    }
    return ret_text;
}

const char *keymap_key_of(const struct keymap *map, const char *name, bool ascii,
                          char ret_text[KEY_NAME_SIZE])
{
    for (size_t i = 0; i < keymap_count; i++) {
        const struct keymap_entry *entry = &keymap_entries[i];
        const uint32_t key =
            strcmp(entry->name, name) == 0 ? keymap_key(map, entry, entry->scopes) : 0;
        if (key != 0)
            return key_name(key, ascii, ret_text);
    }
    return name;
}
