/* The keys of the interface, as options. */
#include "app/options_private.h"
#include "base/i18n.h"
#include "ui/keymap.h"

#include <string.h>

static bool take_preset(struct option_complaint *complaint, const char *text,
                        const char **ret_preset)
{
    char buffer[OPTION_SHOWN_SIZE];
    struct keymap map;
    if (!keymap_use_preset(&map, text))
        return option_complain(complaint, _("%s: “%s” is none of %s"), complaint->name,
                               option_shown(text, buffer), "default, rtorrent, emacs");
    *ret_preset = text;
    return true;
}

static bool add_key(struct option_complaint *complaint, const char *text,
                    struct options *options)
{
    char buffer[OPTION_SHOWN_SIZE];
    struct keymap map;
    const char *fault;
    keymap_init(&map);
    if (keymap_bind(&map, text, &fault))
        return option_add_text(complaint, text, options->own_keys, OPTIONS_MAX_TEXTS,
                               &options->own_key_count);
    if (fault == text + strspn(text, " "))
        return option_complain(complaint,
                               _("%s: no command is called as in “%s”; the interface's "
                                 "palette shows them with their names"),
                               complaint->name, option_shown(text, buffer));
    return option_complain(complaint,
                           _("%s: no key from “%s” on; keys are like x, ^r, M-x, F5, "
                             "Space, PgUp, at most %d of them"),
                           complaint->name, option_shown(fault, buffer), KEYMAP_KEYS);
}

bool option_take_keys(struct options *options, int id, const char *text,
                      struct option_complaint *complaint)
{
    return id == OPTION_KEYS ? take_preset(complaint, text, &options->keys)
                             : add_key(complaint, text, options);
}

void options_keymap(const struct options *options, struct keymap *ret_map)
{
    const char *fault;
    keymap_init(ret_map);
    if (options->keys != NULL)
        keymap_use_preset(ret_map, options->keys);
    for (uint32_t i = 0; i < options->own_key_count; i++)
        keymap_bind(ret_map, options->own_keys[i], &fault);
}
