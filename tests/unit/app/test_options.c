/* The command line: what is taken, what it comes to, and what is refused. */
#include "app/commands.h"
#include "app/options.h"
#include "meta/metainfo.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 16

/* Splits LINE at single spaces; what stands between two spaces may be empty. */
static enum exit_status parse(const char *line, struct options *ret_options)
{
    static char copy[512];
    static char *argv[ARGUMENTS_MAX + 2];
    int argc = 1;
    argv[0] = (char[]){"bttui"};
    snprintf(copy, sizeof copy, "%s", line);
    for (char *at = copy; at != NULL && line[0] != '\0';) {
        ck_assert_int_lt(argc, ARGUMENTS_MAX);
        argv[argc++] = at;
        at = strchr(at, ' ');
        if (at != NULL)
            *at++ = '\0';
    }
    argv[argc] = NULL;
    return options_parse(argc, argv, ret_options);
}

static const char *const refused[] = {
    "--nonsense",
    "-x",
    "--port",
    "--port=",
    "--port=65536",
    "--port=-1",
    "--port=8x",
    "-p x",
    "--max-peers=0",
    "--max-peers=10001",
    "--active-downloads=-1",
    "--active-seeds=many",
    "--active-checks=100001",
    "--max-down=1KB",
    "--max-up=-1",
    "--max-down=99999999999999999999",
    "--download-dir=",
    "--state-dir=",
    "--bind=",
    "--select=",
    "--color=blue",
    "--sandbox",
    "--sandbox=yes",
    "show --sandbox=off a",
    "show --verify-writes a",
    "--strict-names=",
    "verify",
    "verify a b",
    "verify --port=1 a",
    "verify --select=1 a",
    "demo --portable-names",
    "--ascii=maybe",
    "--exit-when-done=no",
    "--help=yes",
    "--peer=",
    "--peer=host",
    "--peer=:80",
    "--peer=host:0",
    "--peer=host:65536",
    "--peer=::1:80",
    "--peer=[::1]",
    "--peer=[::1]80",
    "--peer=[host]:80",
    "--peer=a:b:80",
    /* promises that cannot be kept yet */
    "--encryption=prefer",
    "--encryption=require",
    "--encryption=maybe",
    "--proxy=socks5://127.0.0.1",
    "--dht-node=127.0.0.1:1",
    "--config=",
    "show --config=x a",
    "demo -c x",
    "--seed-ratio=1",
    "--seed-time=1",
    "create x",
    "create --piece-length=1 x",
    "import x",
    /* what does not go together */
    "show",
    "show a b",
    "show --port=1 a",
    "--headless show a",
};

START_TEST(what_cannot_be_done_is_bad_usage)
{
    struct options options = {.port = 7};
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    ck_assert_msg(parse(refused[_i], &options) == EXIT_STATUS_USAGE, "%s", refused[_i]);
    ck_assert_int_eq(options.port, 7); /* untouched */
}
END_TEST

static const struct {
    const char *line;
    const char *command;
    const char *torrents; /* ',' between */
} taken[] = {
    {"", "", ""},
    {"a b", "", "a,b"},
    {"a --headless b", "", "a,b"},
    {"--headless --json a", "", "a"},
    {"-- --port", "", "--port"},
    {"a -- -b --c", "", "a,-b,--c"},
    {"-- show", "", "show"},
    {"./show", "", "./show"},
    {"a show", "", "a,show"},
    {"show a", "show", "a"},
    {"show --json a", "show", "a"},
    {"--json show a", "show", "a"},
    {"show a --json", "show", "a"},
    {"show -- --json", "show", "--json"},
    {"show show", "show", "show"},
    {"show --help", "show", ""},
    {"--no-dht --no-lsd --no-pex --no-utp --no-portmap --no-incoming a", "", "a"},
    {"--encryption=off a", "", "a"},
    {"--encryption allow a", "", "a"},
    {"--peer=127.0.0.1:1 --peer [::1]:2 --peer=host.example:3 a", "", "a"},
    {"-d x -s y -p 0 a", "", "a"},
    {"-dx -sy -p0 a", "", "a"},
    {"--exit-when-done a", "", "a"},
    {"--color never --ascii a", "", "a"},
    {"--sandbox=require a", "", "a"},
    {"--verify-writes a", "", "a"},
    {"--strict-names --portable-names a", "", "a"},
    {"show --strict-names --portable-names a", "show", "a"},
    {"-c x --config=y a", "", "a"},
    {"demo --sandbox off", "demo", ""},
    {"verify -d x a --json", "verify", "a"},
    {"verify --strict-names --portable-names --sandbox=off a", "verify", "a"},
};

START_TEST(arguments_and_options_come_in_any_order)
{
    struct options options;
    char torrents[256] = "";
    ck_assert_msg(parse(taken[_i].line, &options) == EXIT_STATUS_OK, "%s",
                  taken[_i].line);
    ck_assert_msg(strcmp(options.command->name, taken[_i].command) == 0, "%s",
                  taken[_i].line);
    for (int i = 0; i < options.torrent_count; i++) {
        strcat(torrents, i > 0 ? "," : "");
        strcat(torrents, options.torrents[i]);
    }
    ck_assert_msg(strcmp(torrents, taken[_i].torrents) == 0, "%s: %s", taken[_i].line,
                  torrents);
    ck_assert_ptr_null(options.torrents[options.torrent_count]);
}
END_TEST

START_TEST(values_come_with_a_sign_or_as_the_next_argument)
{
    static const char *const lines[] = {
        "--download-dir=d --state-dir=s --port=80 --bind=b --peer=h:1 --max-down=2K "
        "--max-up=3M --max-peers=4 --select=1-3 --active-downloads=7 --active-seeds=8 "
        "--active-checks=0",
        "--download-dir d --state-dir s --port 80 --bind b"};
    struct options options;
    ck_assert_int_eq(parse(lines[0], &options), EXIT_STATUS_OK);
    ck_assert_str_eq(options.peers[0], "h:1");
    ck_assert_uint_eq(options.peer_count, 1);
    ck_assert_uint_eq(options.max_down, 2048);
    ck_assert_uint_eq(options.max_up, 3 << 20);
    ck_assert_uint_eq(options.max_peers, 4);
    ck_assert_uint_eq(options.active_downloads, 7);
    ck_assert_uint_eq(options.active_seeds, 8);
    ck_assert_uint_eq(options.active_checks, 0);
    ck_assert_str_eq(options.select, "1-3");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(parse(lines[i], &options), EXIT_STATUS_OK);
        ck_assert_str_eq(options.download_dir, "d");
        ck_assert_str_eq(options.state_dir, "s");
        ck_assert_uint_eq(options.port, 80);
        ck_assert_str_eq(options.bind, "b");
    }
}
END_TEST

START_TEST(flags_are_what_was_given)
{
    struct options options;
    ck_assert_int_eq(
        parse("--headless --json --exit-when-done --sequential --no-incoming "
              "--ascii --color=always",
              &options),
        EXIT_STATUS_OK);
    ck_assert(options.headless && options.json && options.exit_when_done);
    ck_assert(options.sequential && options.no_incoming && options.ascii);
    ck_assert_int_eq(options.color, COLOR_ALWAYS);
    ck_assert_int_eq(parse("", &options), EXIT_STATUS_OK);
    ck_assert(!options.headless && !options.json && !options.exit_when_done);
    ck_assert(!options.sequential && !options.no_incoming && !options.ascii);
    ck_assert_int_eq(options.color, COLOR_AUTO);
}
END_TEST

START_TEST(flags_can_be_turned_off_and_the_last_word_holds)
{
    static const char *const words[] = {"yes", "true", "on", "no", "false", "off"};
    struct options options;
    char line[80];
    for (int i = 0; i < 6; i++) {
        snprintf(line, sizeof line, "--ascii=%s --strict-names=%s", words[i], words[i]);
        ck_assert_int_eq(parse(line, &options), EXIT_STATUS_OK);
        ck_assert_int_eq(options.ascii, i < 3);
        ck_assert_uint_eq(options.names, i < 3 ? METAINFO_NAMES_STRICT : 0);
    }
    ck_assert_int_eq(parse("--ascii --portable-names --strict-names --ascii=no "
                           "--strict-names=no --no-dht=no a",
                           &options),
                     EXIT_STATUS_OK);
    ck_assert(!options.ascii);
    ck_assert_uint_eq(options.names, METAINFO_NAMES_PORTABLE);
    ck_assert_int_eq(options.torrent_count, 1);
}
END_TEST

START_TEST(a_program_started_without_a_name_has_no_options)
{
    char *argv[] = {NULL};
    struct options options;
    ck_assert_int_eq(options_parse(0, argv, &options), EXIT_STATUS_OK);
    ck_assert_int_eq(options.torrent_count, 0);
}
END_TEST

Suite *suite_options(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_loop_test(tcase, what_cannot_be_done_is_bad_usage, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_loop_test(tcase, arguments_and_options_come_in_any_order, 0,
                        sizeof taken / sizeof *taken);
    tcase_add_test(tcase, values_come_with_a_sign_or_as_the_next_argument);
    tcase_add_test(tcase, flags_are_what_was_given);
    tcase_add_test(tcase, flags_can_be_turned_off_and_the_last_word_holds);
    tcase_add_test(tcase, a_program_started_without_a_name_has_no_options);
    suite_add_tcase(suite, tcase);
    return suite;
}
