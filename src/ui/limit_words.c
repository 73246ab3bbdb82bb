#include "ui/limit_words.h"

#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- limits ---- */

/* "1M" for what text_parse_rate reads. */
static const char *rate_word(uint64_t rate, char ret_text[TEXT_NUMBER_SIZE])
{
    static const char units[] = "\0KMG";
    int unit = 0;
    while (unit < 3 && rate > 0 && rate % 1024 == 0) {
        rate /= 1024;
        unit++;
    }
    snprintf(ret_text, TEXT_NUMBER_SIZE, "%llu%.1s", (unsigned long long)rate,
             &units[unit]);
    return ret_text;
}

const char *limit_words(uint64_t down, uint64_t up, char ret_text[LIMIT_WORDS_SIZE])
{
    char down_text[TEXT_NUMBER_SIZE], up_text[TEXT_NUMBER_SIZE];
    snprintf(ret_text, LIMIT_WORDS_SIZE, "%s %s", rate_word(down, down_text),
             rate_word(up, up_text));
    return ret_text;
}

bool limit_words_parse(const char *text, uint64_t *ret_down, uint64_t *ret_up)
{
    char down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE], more[2];
    return sscanf(text, "%31s %31s %1s", down, up, more) == 2 &&
           text_parse_rate(down, ret_down) && text_parse_rate(up, ret_up);
}

const char *limit_words_hint(void)
{
    return _("Two rates, down and up, in bytes a second: 2M 500K; 0 is no limit.");
}

bool limit_words_read(struct view_context *context, const char *text, uint64_t *ret_down,
                      uint64_t *ret_up)
{
    if (limit_words_parse(text, ret_down, ret_up))
        return true;
    view_say(context, STYLE_BAD, "%s", limit_words_hint());
    return false;
}

/* ---- goals ---- */

static const char *const action_words[] = {"-", "stop", "remove"};

const char *goal_words(const struct seed_goal *goal, char ret_text[LIMIT_WORDS_SIZE])
{
    char ratio[TEXT_NUMBER_SIZE] = "-", minutes[TEXT_NUMBER_SIZE] = "-";
    if (goal->ratio == SEED_NEVER)
        snprintf(ratio, sizeof ratio, "never");
    else if (goal->ratio != 0)
        snprintf(ratio, sizeof ratio, "%u.%02u", goal->ratio / 100, goal->ratio % 100);
    if (goal->minutes == SEED_NEVER)
        snprintf(minutes, sizeof minutes, "never");
    else if (goal->minutes != 0)
        snprintf(minutes, sizeof minutes, "%u", goal->minutes);
    snprintf(ret_text, LIMIT_WORDS_SIZE, "%s %s %s", ratio, minutes,
             action_words[goal->action <= SEED_ACTION_REMOVE ? goal->action : 0]);
    return ret_text;
}

const char *goal_words_hint(void)
{
    return _(
        "Ratio, minutes, stop or remove: 1.5 90 stop. never: no end; -: as for all.");
}

static bool parse_word(const char *word, uint32_t *ret_value)
{
    *ret_value = strcmp(word, "never") == 0 ? SEED_NEVER : 0;
    return *ret_value != 0 || strcmp(word, "-") == 0;
}

static bool parse_minutes(const char *word, uint32_t *ret_minutes)
{
    uint64_t minutes;
    if (!text_parse_u64(word, 1, SEED_MINUTES_MOST, &minutes))
        return false;
    *ret_minutes = (uint32_t)minutes;
    return true;
}

static bool parse_ratio(const char *word, uint32_t *ret_ratio)
{
    return text_parse_hundredths(word, SEED_RATIO_MOST, ret_ratio) && *ret_ratio > 0;
}

static bool parse_action(const char *word, uint32_t *ret_action)
{
    for (uint32_t i = 0; i <= SEED_ACTION_REMOVE; i++) {
        if (strcmp(word, action_words[i]) == 0) {
            *ret_action = i;
            return true;
        }
    }
    return false;
}

bool goal_words_parse(const char *text, struct seed_goal *ret_goal)
{
    char ratio[TEXT_NUMBER_SIZE], minutes[TEXT_NUMBER_SIZE] = "-";
    char action[TEXT_NUMBER_SIZE] = "-", more[2];
    struct seed_goal goal;
    const int count = sscanf(text, "%31s %31s %31s %1s", ratio, minutes, action, more);
    if (count < 1 || count > 3 ||
        !(parse_word(ratio, &goal.ratio) || parse_ratio(ratio, &goal.ratio)) ||
        !(parse_word(minutes, &goal.minutes) || parse_minutes(minutes, &goal.minutes)) ||
        !parse_action(action, &goal.action))
        return false;
    *ret_goal = goal;
    return true;
}
