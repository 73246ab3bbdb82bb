/* What the value of an option may be, and where it goes. */
#include "app/import.h"
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo.h"
#include "meta/path_suffix.h"
#include "net/proxy.h"
#include "torrent/schedule.h"
#include "torrent/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *option_shown(const char *text, char ret_text[OPTION_SHOWN_SIZE])
{
    text_clean(text_untrusted(text), 200, ret_text, OPTION_SHOWN_SIZE);
    return ret_text;
}

bool option_complain(struct option_complaint *complaint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool take_schedule(struct option_complaint *complaint, const char *text,
                          const char **ret_text)
{
    char buffer[OPTION_SHOWN_SIZE];
    struct schedule schedule;
    const char *fault = text;
    if (schedule_parse(text, &schedule, &fault)) {
        *ret_text = text;
        return true;
    }
    return option_complain(complaint,
                           _("%s: not a schedule from “%s” on; it looks like “mon-fri "
                             "08:00-18:00; sat,sun 10:00-12:00”"),
                           complaint->name, option_shown(fault, buffer));
}

static bool take_ratio(struct option_complaint *complaint, const char *text,
                       uint32_t *ret_hundredths)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_hundredths(text, SEED_RATIO_MOST, ret_hundredths))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a ratio such as 2 or 1.5"),
                           complaint->name, option_shown(text, buffer));
}

static bool take_seed_action(struct option_complaint *complaint, const char *text,
                             bool *ret_remove)
{
    static const char *const words[] = {"stop", "remove"};
    int index = 0;
    const bool fine = option_take_word(complaint, text, words, 2, &index);
    *ret_remove = index == 1;
    return fine;
}

static bool take_color(struct option_complaint *complaint, const char *text,
                       enum color_choice *ret_color)
{
    static const char *const words[] = {"auto", "always", "never"};
    int index = 0;
    const bool fine = option_take_word(complaint, text, words, 3, &index);
    *ret_color = (enum color_choice)index;
    return fine;
}

static bool take_preallocation(struct option_complaint *complaint, const char *text,
                               int *ret_how)
{
    static const char *const words[] = {"none", "sparse", "full"};
    return option_take_word(complaint, text, words, 3, ret_how);
}

static bool take_sandbox(struct option_complaint *complaint, const char *text,
                         enum sandbox_choice *ret_sandbox)
{
    static const char *const words[] = {"on", "off", "require"};
    int index = 0;
    const bool fine = option_take_word(complaint, text, words, 3, &index);
    *ret_sandbox = (enum sandbox_choice)index;
    return fine;
}

static bool take_from(struct option_complaint *complaint, const char *text,
                      const char **ret_from)
{
    const char *words[8];
    int count = 0, index = 0;
    while (count < 8 && (words[count] = import_kind_word(count)) != NULL)
        count++;
    if (!option_take_word(complaint, text, words, count, &index))
        return false;
    *ret_from = words[index];
    return true;
}

static bool take_encryption(struct option_complaint *complaint, const char *text,
                            enum encryption_mode *ret_mode)
{
    static const char *const words[ENCRYPTION_MODES] = {
        [ENCRYPTION_ALLOW] = "allow",
        [ENCRYPTION_OFF] = "off",
        [ENCRYPTION_PREFER] = "prefer",
        [ENCRYPTION_REQUIRE] = "require",
    };
    int index = 0;
    const bool fine = option_take_word(complaint, text, words, ENCRYPTION_MODES, &index);
    *ret_mode = (enum encryption_mode)index;
    return fine;
}

static bool take_proxy(struct option_complaint *complaint, const char *text,
                       const char **ret_text)
{
    struct proxy_place place;
    *ret_text = text;
    /* Not shown: a password may stand in it. */
    return proxy_parse(text, &place) ||
           option_complain(complaint,
                           _("%s: not an address such as socks5://127.0.0.1:1080 or "
                             "socks5://user:password@host:port"),
                           complaint->name);
}

static bool is_host_and_port(const char *text)
{
    struct netaddr address;
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !text_parse_u64(colon + 1, 1, 65535, &port))
        return false;
    if (text[0] == '[')
        return colon[-1] == ']' && netaddr_parse(text, 0, &address) == ERROR_NONE;
    /* One colon only: an IPv6 address without brackets has no clear end. */
    return strchr(text, ':') == colon && colon > text && colon - text <= 253;
}

/* One more of MOST. */
static bool add_host(struct option_complaint *complaint, const char *text,
                     const char **hosts, uint32_t most, uint32_t *count)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (!is_host_and_port(text))
        return option_complain(complaint,
                               _("%s: “%s” is not HOST:PORT; an IPv6 address stands in "
                                 "brackets: [::1]:6881"),
                               complaint->name, option_shown(text, buffer));
    return option_add_text(complaint, text, hosts, most, count);
}

static bool take_suffix(struct option_complaint *complaint, const char *text,
                        const char **ret_text)
{
    if (!path_suffix_is_usable(text))
        return option_complain(complaint,
                               _("%s: not the end of a file name of at most %d bytes, "
                                 "such as .part"),
                               complaint->name, PATH_SUFFIX_BYTES);
    *ret_text = text;
    return true;
}

bool option_add_text(struct option_complaint *complaint, const char *text,
                     const char **texts, uint32_t most, uint32_t *count)
{
    if (*count == most)
        return option_complain(complaint, _("%s: more than %d are given"),
                               complaint->name, (int)most);
    return option_take_text(complaint, text, &texts[*count]) && ++*count > 0;
}

static bool take_port(struct option_complaint *complaint, const char *text,
                      uint16_t *ret_port)
{
    uint64_t number = 0;
    const bool fine = option_take_number(complaint, text, 0, 65535, &number);
    *ret_port = (uint16_t)number;
    return fine;
}

static bool take_names(struct option_complaint *complaint, const char *text,
                       unsigned name, unsigned *names)
{
    bool yes;
    if (!option_take_yes(complaint, text, &yes))
        return false;
    *names = yes ? *names | name : *names & ~name;
    return true;
}

bool option_take(struct options *options, const struct option_record *record,
                 const char *text, struct option_complaint *complaint)
{
    const struct option_field *field = option_field_of(record->id);
    if (field != NULL)
        return option_take_field(options, field, text, complaint);
    if (record->commands == COMMAND_CREATE)
        return option_take_create(&options->create, record->id, text, complaint);
    switch (record->id) {
    case OPTION_PREALLOCATE:
        return take_preallocation(complaint, text, &options->preallocate);
    case OPTION_INCOMPLETE_SUFFIX:
        return take_suffix(complaint, text, &options->incomplete_suffix);
    case OPTION_PROXY:
        return take_proxy(complaint, text, &options->proxy);
    case OPTION_PORT:
        return take_port(complaint, text, &options->port);
    case OPTION_PEER:
        return add_host(complaint, text, options->peers, OPTIONS_MAX_PEERS,
                        &options->peer_count);
    case OPTION_DHT_NODE:
        return add_host(complaint, text, options->dht_nodes, OPTIONS_MAX_TEXTS,
                        &options->dht_node_count);
    case OPTION_SEED_RATIO:
        return take_ratio(complaint, text, &options->seed_ratio);
    case OPTION_SEED_ACTION:
        return take_seed_action(complaint, text, &options->seed_remove);
    case OPTION_TURTLE_SCHEDULE:
        return take_schedule(complaint, text, &options->turtle_schedule);
    case OPTION_BLOCKLIST:
        return option_add_text(complaint, text, options->blocklists,
                               OPTIONS_MAX_BLOCKLISTS, &options->blocklist_count);
    case OPTION_COLOR:
        return take_color(complaint, text, &options->color);
    case OPTION_ENCRYPTION:
        return take_encryption(complaint, text, &options->encryption);
    case OPTION_SANDBOX:
        return take_sandbox(complaint, text, &options->sandbox);
    case OPTION_FROM:
        return take_from(complaint, text, &options->from);
    case OPTION_STRICT_NAMES:
        return take_names(complaint, text, METAINFO_NAMES_STRICT, &options->names);
    case OPTION_PORTABLE_NAMES:
        return take_names(complaint, text, METAINFO_NAMES_PORTABLE, &options->names);
    case OPTION_KEYS:
    case OPTION_KEY:
        return option_take_keys(options, record->id, text, complaint);
    default:
        return option_take_organise(options, record->id, text, complaint);
    }
}
