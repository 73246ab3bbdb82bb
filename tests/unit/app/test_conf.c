/* The configuration file: its keys, what wins over what, and what is told of its faults.
 */
#include "app/conf.h"

#include "app/options_private.h"
#include "meta/metainfo.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[CONF_MESSAGE_SIZE];

static bool read_text(const char *text, struct conf *ret_conf)
{
    const size_t length = strlen(text);
    char *bytes = malloc(length + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, text, length);
    return conf_read(bytes, length, "f", ret_conf, message);
}

static struct conf must_read(const char *text)
{
    struct conf conf;
    ck_assert_msg(read_text(text, &conf), "%s", message);
    return conf;
}

static const struct {
    const char *text, *message;
} wrong[] = {
    {"max-dwn = 1", "f:1: there is no key “max-dwn”; did you mean “max-down”?"},
    {"\nmax_peers = 1", "f:2: there is no key “max_peers”; did you mean “max-peers”?"},
    {"colour = never", "f:1: there is no key “colour”; did you mean “color”?"},
    {"PORT = 1", "f:1: there is no key “PORT”; man bttui.conf has them all"},
    {"zzzz = 1", "f:1: there is no key “zzzz”; man bttui.conf has them all"},
    {"help = yes", "f:1: help: this is for the command line only: --help"},
    {"config = x", "f:1: config: this is for the command line only: --config"},
    {"peer = a:1", "f:1: peer: this is for the command line only: --peer"},
    {"port = 1\n# x\nport = 2", "f:3: port: this stands in line 1 already"},
    {"port = 70000", "f:1: port: “70000” is not a number from 0 to 65535"},
    {"max-up = 1KB", "f:1: max-up: “1KB” is not a rate such as 500K or 2M"},
    {"ascii = 1", "f:1: ascii: “1” is none of yes, no, true, false, on, off"},
    {"color = blue", "f:1: color: “blue” is none of auto, always, never"},
    {"keys = vi", "f:1: keys: “vi” is none of default, rtorrent, emacs"},
    {"key = paus p",
     "f:1: key: no command is called as in “paus p”; the interface's palette shows them "
     "with their names"},
    {"key = pause Entr x", "f:1: key: no key from “Entr x” on; keys are like x, ^r, M-x, "
                           "F5, Space, PgUp, at most 5 of them"},
    {"bind = \"\"", "f:1: bind needs a value"},
    {"port =", "f:1: port: there is no value after the “=”"},
    {"port", "f:1: there is no “=”; a line is “key = value”, or begins with #"},
    {"encryption = must",
     "f:1: encryption: “must” is none of allow, off, prefer, require"},
    {"proxy = socks4://u:secret@h",
     "f:1: proxy: not an address such as socks5://127.0.0.1:1080 or "
     "socks5://user:password@host:port"},
};

START_TEST(a_fault_is_told_with_file_line_key_and_what_is_right)
{
    struct conf conf = {.count = 7};
    ck_assert(!read_text(wrong[_i].text, &conf));
    ck_assert_str_eq(message, wrong[_i].message);
    ck_assert_uint_eq(conf.count, 7); /* untouched */
}
END_TEST

START_TEST(keys_set_what_their_options_set)
{
    struct options options = {0};
    struct conf conf = must_read("download-dir = \" /d \"\nstate-dir = s\nport = 80\n"
                                 "bind = lo\nmax-down = 2K\nmax-up = 3M\nmax-peers = 4\n"
                                 "sequential = on\nheadless = true\njson = yes\n"
                                 "ascii = yes\ncolor = never\nsandbox = require\n"
                                 "verify-writes = yes\nno-incoming = yes\n"
                                 "no-dht = yes\nencryption = allow\n"
                                 "strict-names = yes\nportable-names = no\n");
    conf_apply(&conf, &options);
    ck_assert_str_eq(options.download_dir, " /d ");
    ck_assert_str_eq(options.state_dir, "s");
    ck_assert_uint_eq(options.port, 80);
    ck_assert_str_eq(options.bind, "lo");
    ck_assert_uint_eq(options.max_down, 2048);
    ck_assert_uint_eq(options.max_up, 3 << 20);
    ck_assert_uint_eq(options.max_peers, 4);
    ck_assert(options.sequential && options.headless && options.json && options.ascii);
    ck_assert(options.verify_writes && options.no_incoming);
    ck_assert_int_eq(options.color, COLOR_NEVER);
    ck_assert_int_eq(options.sandbox, SANDBOX_CHOICE_REQUIRE);
    ck_assert_uint_eq(options.names, METAINFO_NAMES_STRICT);
    conf_done(&conf);
}
END_TEST

START_TEST(the_command_line_wins)
{
    struct options options;
    char *argv[] = {(char[]){"bttui"}, (char[]){"--max-down=1"}, (char[]){"--ascii=no"},
                    NULL};
    struct conf conf = must_read("max-down = 7\nmax-up = 8\nascii = yes\n");
    ck_assert_int_eq(options_parse(3, argv, &options), EXIT_STATUS_OK);
    conf_apply(&conf, &options);
    ck_assert_uint_eq(options.max_down, 1);
    ck_assert_uint_eq(options.max_up, 8);
    ck_assert(!options.ascii);
    conf_done(&conf);
}
END_TEST

START_TEST(json_of_the_file_waits_for_headless_and_that_of_the_line_needs_it)
{
    struct options options;
    char *plain[] = {(char[]){"bttui"}, NULL};
    char *json[] = {(char[]){"bttui"}, (char[]){"--json"}, NULL};
    struct conf conf = must_read("json = yes\n");
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    ck_assert_int_eq(options_parse(1, plain, &options), EXIT_STATUS_OK);
    conf_apply(&conf, &options);
    ck_assert_int_eq(options_check(&options), EXIT_STATUS_OK);
    conf_done(&conf);
    ck_assert_int_eq(options_parse(2, json, &options), EXIT_STATUS_OK);
    ck_assert_int_eq(options_check(&options), EXIT_STATUS_USAGE);
    conf = must_read("headless = yes\n");
    conf_apply(&conf, &options);
    ck_assert_int_eq(options_check(&options), EXIT_STATUS_OK);
    conf_done(&conf);
}
END_TEST

static const struct option_record *record_of(const char *name)
{
    for (size_t i = 0; i < option_count; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    ck_abort_msg("%s", name);
    return NULL;
}

START_TEST(two_files_agree_where_they_say_the_same)
{
    struct conf a = must_read("max-down = 7\nascii = yes\ncolor = auto\n");
    struct conf b = must_read("ascii = no\nmax-down = 7\nport = 1\n");
    ck_assert(conf_agree(&a, &b, record_of("max-down")));
    ck_assert(conf_agree(&a, &b, record_of("max-up")));
    ck_assert(!conf_agree(&a, &b, record_of("ascii")));
    ck_assert(!conf_agree(&a, &b, record_of("color")));
    ck_assert(!conf_agree(&a, &b, record_of("port")));
    conf_done(&a);
    conf_done(&b);
}
END_TEST

/* Every key is in docs/bttui.conf.example, commented out, with a value that is taken:
 * "#key = value" stands at the beginning of a line, words behind "# ". */
static char *read_example(bool uncommented)
{
    char path[512];
    const char *top = getenv("srcdir");
    char *text = calloc(1, CONF_BYTES_MAX), *to = text;
    snprintf(path, sizeof path, "%s/docs/bttui.conf.example", top != NULL ? top : "..");
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL && text != NULL, "%s", path);
    while (fgets(to, 4096, file) != NULL) {
        if (uncommented && to[0] == '#' && to[1] != ' ' && to[1] != '\n')
            to[0] = ' ';
        to += strlen(to);
    }
    fclose(file);
    return text;
}

START_TEST(the_example_has_every_key_and_changes_nothing)
{
    char *text = read_example(false);
    struct conf conf = must_read(text);
    ck_assert_uint_eq(conf.count, 0);
    conf_done(&conf);
    free(text);
    text = read_example(true);
    conf = must_read(text);
    for (size_t i = 0; i < option_count; i++) {
        const struct option_record *record = &option_table[i];
        bool there = false;
        for (size_t j = 0; j < conf.count; j++)
            there |= conf.entries[j].record == record;
        ck_assert_msg(there == ((record->places & PLACE_FILE) != 0),
                      "docs/bttui.conf.example: %s", record->name);
    }
    conf_done(&conf);
    free(text);
}
END_TEST

Suite *suite_conf(void)
{
    Suite *suite = suite_create("conf");
    TCase *tcase = tcase_create("conf");
    tcase_add_loop_test(tcase, a_fault_is_told_with_file_line_key_and_what_is_right, 0,
                        sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, keys_set_what_their_options_set);
    tcase_add_test(tcase, the_command_line_wins);
    tcase_add_test(tcase,
                   json_of_the_file_waits_for_headless_and_that_of_the_line_needs_it);
    tcase_add_test(tcase, two_files_agree_where_they_say_the_same);
    tcase_add_test(tcase, the_example_has_every_key_and_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
