/* Any arguments, a zero byte after each, make sense or are refused in harmless words. */
#include "app/commands.h"
#include "app/options.h"
#include "base/text.h"
#include "base/text_width.h"
#include "meta/metainfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define ARGUMENTS_MAX 300

static void must(bool right)
{
    if (!right)
        abort();
}

static void check_words(const char *words)
{
    const size_t length = strlen(words);
    must(length > 0 && words[length - 1] == '\n' && text_is_valid_utf8(words, length));
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(words + at, length - at, &code);
        must(code == '\n' || (text_class(code) != TEXT_CLASS_CONTROL &&
                              text_class(code) != TEXT_CLASS_HIDDEN));
    }
}

static void check_create(const struct create_options *create)
{
    const uint32_t piece = create->piece_bytes;
    must(piece == 0 || (piece >= 16384 && piece <= METAINFO_MAX_PIECE_BYTES &&
                        (piece & (piece - 1)) == 0));
    must(create->tier_count <= create->url_count &&
         create->url_count <= METAINFO_MAX_URLS);
    must(create->webseed_count <= METAINFO_MAX_URLS &&
         create->exclude_count <= OPTIONS_MAX_TEXTS);
    for (uint32_t i = 0; i < create->webseed_count; i++)
        must(metainfo_url_is_usable(create->webseeds[i], strlen(create->webseeds[i]),
                                    false));
    must(create->date_s >= 0 && create->date <= CREATE_DATE_NOW);
    must(create->comment == NULL ||
         text_is_valid_utf8(create->comment, strlen(create->comment)));
}

static void check(const struct options *options, int argc)
{
    const struct command *command = options->command;
    must(command != NULL && command->run != NULL);
    must(options->torrent_count >= 0 && options->torrent_count < argc);
    for (int i = 0; i < options->torrent_count; i++)
        must(options->torrents[i] != NULL);
    must(options->torrents[options->torrent_count] == NULL);
    if (!options->help && !options->version)
        must(options->torrent_count >= command->min_arguments &&
             options->torrent_count <= command->max_arguments);
    must(options->peer_count <= OPTIONS_MAX_PEERS && options->max_peers <= 10000);
    for (uint32_t i = 0; i < options->peer_count; i++)
        must(strchr(options->peers[i], ':') > options->peers[i]);
    check_create(&options->create);
    must(options->color <= COLOR_NEVER && options->sandbox <= SANDBOX_CHOICE_REQUIRE);
}

/* What is wrong goes to standard error, which is a piece of memory meanwhile. */
static enum exit_status parse(int argc, char **argv, struct options *ret_options)
{
    char words[8192] = "";
    FILE *before = stderr, *memory = fmemopen(words, sizeof words, "w");
    must(memory != NULL);
    stderr = memory;
    const enum exit_status status = options_parse(argc, argv, ret_options);
    stderr = before;
    fclose(memory);
    if (status == EXIT_STATUS_OK)
        must(words[0] == '\0');
    else
        check_words(words);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static char name[] = "bttui";
    char *argv[ARGUMENTS_MAX + 1] = {name}, *text = malloc(length + 1);
    struct options options, before;
    int argc = 1;
    if (text == NULL)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    for (size_t at = 0; at < length && argc < ARGUMENTS_MAX; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    memset(&options, 0x5a, sizeof options);
    before = options;
    const enum exit_status status = parse(argc, argv, &options);
    if (status == EXIT_STATUS_OK)
        check(&options, argc);
    else
        must(status == EXIT_STATUS_USAGE &&
             memcmp(&options, &before, sizeof before) == 0);
    free(text);
    return 0;
}
