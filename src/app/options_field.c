/* Options whose value goes into a field of struct options as it is. */
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/settings.h"

#include <stdio.h>
#include <string.h>

#define AT_A_TIME_MOST 100000u

enum field_kind {
    FIELD_FLAG,  /* bool */
    FIELD_TEXT,  /* const char *, not empty */
    FIELD_RATE,  /* uint64_t, bytes/s */
    FIELD_NUMBER /* uint32_t, from LEAST to MOST */
};

struct option_field {
    int id;
    enum field_kind kind;
    size_t offset;
    uint32_t least, most;
};

/* Where FIELD is, which the compiler sees to be a TYPE. */
#define AT(field, type)                                                                  \
    (offsetof(struct options, field) +                                                   \
     0 * sizeof(_Generic(((struct options *)NULL)->field, type : 0)))
#define FLAG(field)                FIELD_FLAG, AT(field, bool), 0, 0
#define TEXT(field)                FIELD_TEXT, AT(field, const char *), 0, 0
#define RATE(field)                FIELD_RATE, AT(field, uint64_t), 0, 0
#define NUMBER(field, least, most) FIELD_NUMBER, AT(field, uint32_t), least, most

static const struct option_field fields[] = {
    {OPTION_CONFIG, TEXT(config)},
    {OPTION_DOWNLOAD_DIR, TEXT(download_dir)},
    {OPTION_INCOMPLETE_DIR, TEXT(incomplete_dir)},
    {OPTION_STATE_DIR, TEXT(state_dir)},
    {OPTION_BIND, TEXT(bind)},
    {OPTION_ON_COMPLETE, TEXT(on_complete)},
    {OPTION_SELECT, TEXT(select)},
    {OPTION_OUTPUT, TEXT(create.output)},
    {OPTION_MAX_DOWN, RATE(max_down)},
    {OPTION_MAX_UP, RATE(max_up)},
    {OPTION_TURTLE_DOWN, RATE(turtle_down)},
    {OPTION_TURTLE_UP, RATE(turtle_up)},
    {OPTION_SEED_TIME, NUMBER(seed_minutes, 0, SEED_MINUTES_MOST)},
    {OPTION_MAX_PEERS, NUMBER(max_peers, 1, 10000)},
    {OPTION_ACTIVE_DOWNLOADS, NUMBER(active_downloads, 0, AT_A_TIME_MOST)},
    {OPTION_ACTIVE_SEEDS, NUMBER(active_seeds, 0, AT_A_TIME_MOST)},
    {OPTION_ACTIVE_CHECKS, NUMBER(active_checks, 0, AT_A_TIME_MOST)},
    {OPTION_NO_INCOMING, FLAG(no_incoming)},
    {OPTION_NO_DHT, FLAG(no_dht)},
    {OPTION_NO_UTP, FLAG(no_utp)},
    {OPTION_UPNP, FLAG(upnp)},
    {OPTION_NO_PORTMAP, FLAG(no_portmap)},
    {OPTION_NO_LSD, FLAG(no_lsd)},
    {OPTION_NO_PEX, FLAG(no_pex)},
    {OPTION_HOLEPUNCH_RELAY, FLAG(holepunch_relay)},
    {OPTION_SEQUENTIAL, FLAG(sequential)},
    {OPTION_SUPER_SEED, FLAG(super_seed)},
    {OPTION_FIRST_LAST, FLAG(first_last)},
    {OPTION_HEADLESS, FLAG(headless)},
    {OPTION_JSON, FLAG(json)},
    {OPTION_EXIT_WHEN_DONE, FLAG(exit_when_done)},
    {OPTION_ASCII, FLAG(ascii)},
    {OPTION_VERIFY_WRITES, FLAG(verify_writes)},
    {OPTION_FORCE, FLAG(create.force)},
    {OPTION_PRIVATE, FLAG(create.is_private)},
    {OPTION_HELP, FLAG(help)},
    {OPTION_VERSION, FLAG(version)},
};

const struct option_field *option_field_of(int id)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].id == id)
            return &fields[i];
    return NULL;
}

bool option_take_number(struct option_complaint *complaint, const char *text,
                        uint64_t low, uint64_t high, uint64_t *ret_value)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_u64(text, low, high, ret_value))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a number from %llu to %llu"),
                           complaint->name, option_shown(text, buffer),
                           (unsigned long long)low, (unsigned long long)high);
}

static bool take_rate(struct option_complaint *complaint, const char *text,
                      uint64_t *ret_rate)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_rate(text, ret_rate))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a rate such as 500K or 2M"),
                           complaint->name, option_shown(text, buffer));
}

static bool refuse_word(struct option_complaint *complaint, const char *text,
                        const char *all)
{
    char buffer[OPTION_SHOWN_SIZE];
    return option_complain(complaint, _("%s: “%s” is none of %s"), complaint->name,
                           option_shown(text, buffer), all);
}

bool option_take_word(struct option_complaint *complaint, const char *text,
                      const char *const *words, int count, int *ret_index)
{
    char all[OPTION_SHOWN_SIZE] = "";
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(all);
        if (strcmp(text, words[i]) == 0) {
            *ret_index = i;
            return true;
        }
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return refuse_word(complaint, text, all);
}

bool option_take_text(struct option_complaint *complaint, const char *text,
                      const char **ret_text)
{
    if (text[0] == '\0')
        return option_complain(complaint, _("%s needs a value"), complaint->name);
    *ret_text = text;
    return true;
}

bool option_take_yes(struct option_complaint *complaint, const char *text, bool *ret_yes)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    int index = 0;
    if (text != NULL && !option_take_word(complaint, text, words, 6, &index))
        return false;
    *ret_yes = index % 2 == 0;
    return true;
}

static bool take_number_field(struct option_complaint *complaint, const char *text,
                              const struct option_field *field, uint32_t *ret_number)
{
    uint64_t number = 0;
    const bool fine =
        option_take_number(complaint, text, field->least, field->most, &number);
    *ret_number = (uint32_t)number;
    return fine;
}

bool option_take_field(struct options *options, const struct option_field *field,
                       const char *text, struct option_complaint *complaint)
{
    void *value = (char *)options + field->offset;
    switch (field->kind) {
    case FIELD_FLAG:
        return option_take_yes(complaint, text, value);
    case FIELD_TEXT:
        return option_take_text(complaint, text, value);
    case FIELD_RATE:
        return take_rate(complaint, text, value);
    case FIELD_NUMBER:
        return take_number_field(complaint, text, field, value);
    }
    return false;
}
