/* Any bytes as a configuration file: it makes sense, or is refused in harmless words that
 * name a line; what it says never touches what the command line said. */
#include "app/conf.h"
#include "base/text.h"
#include "base/text_width.h"
#include "torrent/label_rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

static void check_words(const char *words)
{
    const size_t length = strlen(words);
    must(strncmp(words, "name:", 5) == 0 && strtoul(words + 5, NULL, 10) > 0);
    must(text_is_valid_utf8(words, length));
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(words + at, length - at, &code);
        must(text_class(code) != TEXT_CLASS_CONTROL &&
             text_class(code) != TEXT_CLASS_HIDDEN);
    }
}

static void check(const struct conf *conf, size_t length)
{
    static const struct option_set none;
    struct options options = {0}, overruled = {0};
    memset(&overruled.given, 0xff, sizeof overruled.given);
    const struct options before = overruled;
    uint32_t line = 0;
    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_entry *entry = &conf->entries[i];
        must(entry->line > line && entry->record != NULL);
        must(entry->value >= conf->bytes &&
             entry->value + strlen(entry->value) <= conf->bytes + length);
        must(conf_agree(conf, conf, entry->record));
        line = entry->line;
    }
    conf_apply(conf, &overruled);
    must(memcmp(&overruled, &before, sizeof before) == 0);
    conf_apply(conf, &options);
    must(options.max_peers <= 10000 && options.color <= COLOR_NEVER &&
         options.sandbox <= SANDBOX_CHOICE_REQUIRE &&
         options.label_rule_count <= OPTIONS_MAX_TEXTS);
    for (uint32_t i = 0; i < options.label_rule_count; i++) {
        struct label_rule rule;
        const char *fault;
        must(label_rule_read(options.label_rules[i], &rule, &fault) &&
             text_cells(rule.label) <= LABEL_CELLS);
    }
    must(memcmp(&options.given, &none, sizeof none) == 0 && options.torrents == NULL &&
         !options.help);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char message[CONF_MESSAGE_SIZE] = "", *copy = malloc(length + 1);
    struct conf conf;
    if (copy == NULL)
        return 0;
    memcpy(copy, bytes, length);
    if (conf_read(copy, length, "name", &conf, message)) {
        must(message[0] == '\0');
        check(&conf, length);
        conf_done(&conf);
    } else {
        check_words(message);
    }
    return 0;
}
