#include "torrent/label_rule.h"

#include "base/text.h"

#include <string.h>

#define VALUE_SIZE 32

struct word {
    const char *at;
    size_t length;
};

static struct word next_word(const char *at)
{
    at += strspn(at, " \t");
    return (struct word){at, strcspn(at, " \t")};
}

/* Its value, behind "KEY=", is in RET_VALUE; false: it has another key, or is too long.
 */
static bool has_key(struct word word, const char *key, char ret_value[VALUE_SIZE])
{
    const size_t length = strlen(key);
    if (word.length <= length || word.length - length > VALUE_SIZE ||
        strncmp(word.at, key, length) != 0 || word.at[length] != '=')
        return false;
    memcpy(ret_value, word.at + length + 1, word.length - length - 1);
    ret_value[word.length - length - 1] = '\0';
    return true;
}

/* 0 is a goal, too: never, whatever the session's is. */
static bool read_ratio(const char *value, struct seed_goal *goal)
{
    uint32_t hundredths;
    if (!text_parse_hundredths(value, SEED_RATIO_MOST, &hundredths))
        return false;
    goal->ratio = hundredths != 0 ? hundredths : SEED_NEVER;
    return true;
}

static bool read_time(const char *value, struct seed_goal *goal)
{
    uint64_t minutes;
    if (!text_parse_u64(value, 0, SEED_MINUTES_MOST, &minutes))
        return false;
    goal->minutes = minutes != 0 ? (uint32_t)minutes : SEED_NEVER;
    return true;
}

static bool read_action(const char *value, struct seed_goal *goal)
{
    const bool stop = strcmp(value, "stop") == 0;
    if (!stop && strcmp(value, "remove") != 0)
        return false;
    goal->action = stop ? SEED_ACTION_STOP : SEED_ACTION_REMOVE;
    return true;
}

static bool read_word(struct word word, struct label_rule *rule)
{
    static const struct {
        const char *key;
        bool (*read)(const char *value, struct seed_goal *goal);
    } keys[] = {{"ratio", read_ratio}, {"time", read_time}, {"action", read_action}};
    char value[VALUE_SIZE];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (has_key(word, keys[i].key, value))
            return keys[i].read(value, &rule->goal);
    return false;
}

/* A path may have blanks. */
static bool read_dir(struct word word, struct label_rule *rule)
{
    static const char key[] = "dir=";
    const size_t length = sizeof key - 1;
    if (word.length <= length || strncmp(word.at, key, length) != 0)
        return false;
    rule->dir = (char *)(uintptr_t)word.at + length;
    return true;
}

/* The words before the first KEY=VALUE, which it returns. */
static struct word read_label(const char *text, struct label_rule *rule, bool *ret_fine)
{
    char label[4 * LABEL_BYTES];
    struct word word = next_word(text);
    while (word.length > 0 && memchr(word.at, '=', word.length) == NULL)
        word = next_word(word.at + word.length);
    const size_t length = (size_t)(word.at - text);
    *ret_fine = length < sizeof label;
    if (*ret_fine) {
        memcpy(label, text, length);
        label[length] = '\0';
        *ret_fine = label_read(label, rule->label) && rule->label[0] != '\0';
    }
    return word;
}

bool label_rule_read(const char *text, struct label_rule *ret_rule,
                     const char **ret_fault)
{
    struct label_rule rule = {.label = ""};
    bool fine;
    struct word word = read_label(text, &rule, &fine);
    if (!fine || word.length == 0) {
        *ret_fault = fine ? word.at : text;
        return false;
    }
    for (; word.length > 0; word = next_word(word.at + word.length)) {
        if (read_dir(word, &rule))
            break;
        if (!read_word(word, &rule)) {
            *ret_fault = word.at;
            return false;
        }
    }
    *ret_rule = rule;
    return true;
}

const struct label_rule *label_rule_find(const struct label_rule *rules, uint32_t count,
                                         const char *label)
{
    while (count-- > 0)
        if (strcmp(rules[count].label, label) == 0)
            return &rules[count];
    return NULL;
}
