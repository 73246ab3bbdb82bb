/* The command line: what is taken, what it comes to, and what is refused. */
#include "app/commands.h"
#include "app/options.h"
#include "meta/metainfo.h"
#include "tests/unit/app/check_app.h"
#include "ui/keymap.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 24

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
    "--blocklist=",
    "--active-downloads=-1",
    "--active-seeds=many",
    "--active-checks=100001",
    "--max-down=1KB",
    "--max-up=-1",
    "--turtle-down=fast",
    "--turtle-up=1KB",
    "--turtle-schedule=mon",
    "--max-down=99999999999999999999",
    "--download-dir=",
    "--state-dir=",
    "--bind=",
    "--select=",
    "--priority=2",
    "--move-dir=",
    "--preallocate=some",
    "verify --preallocate=full a",
    "--incomplete-dir=",
    "--incomplete-suffix=",
    "--incomplete-suffix=/part",
    "--incomplete-suffix=.",
    "--incomplete-suffix=.part?",
    "--incomplete-suffix=.as-long-as-no-name-can-be",
    "show --incomplete-suffix=.part a",
    "--priority=:high",
    "--priority=2:urgent",
    "--label=",
    "--label-rule=films",
    "--refuse-client=",
    "--refuse-leech=much",
    "--on-complete=",
    "--watch=",
    "--watch=:films",
    "--label-rule=x speed=1",
    "--label=0123456789012345678901234567890123456789x",
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
    "verify --label=x a",
    "verify --refuse-client=x a",
    "verify --refuse-leech=1 a",
    "verify --on-complete=x a",
    "verify --watch=x a",
    "verify --priority=1:low a",
    "verify --label-rule=x a",
    "create",
    "create a b",
    "create --select=1 a",
    "create --download-dir=d a",
    "create --output= a",
    "create --force=yes a",
    "create --private=yes a",
    "create --format=v3 a",
    "create --piece-size=8K a",
    "create --piece-size=512M a",
    "create --piece-size=100000 a",
    "create --piece-size=16K+ a",
    "create --piece-size=0 a",
    "create --tracker= a",
    "create --tracker=http a",
    "create --tracker=file:///x a",
    "create --tracker=http://a/,,http://b/ a",
    "create --tracker=http://a/, a",
    "create --tracker=http://u:p@a/ a",
    "create --webseed= a",
    "create --webseed=udp://a:1 a",
    "create --webseed=ftp://a/ a",
    "create --exclude= a",
    "create --comment= a",
    "create --comment=\xff a",
    "create --source= a",
    "create --source=\xc3 a",
    "create --date= a",
    "create --date=yesterday a",
    "create --date=-1 a",
    "create --date=253402300800 a",
    "--private a",
    "show --output=x a",
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
    "--encryption=maybe",
    "--proxy=http://127.0.0.1",
    "--proxy=",
    "--dht-node=127.0.0.1",
    "--dht-node=::1:80",
    "--config=",
    "show --config=x a",
    "demo -c x",
    "--seed-ratio=1,5",
    "--seed-ratio=-1",
    "--seed-time=1h",
    "--seed-action=delete",
    "import --from=vuze x",
    "import",
    "import x y",
    "import --port=1 x",
    "show --from=deluge x",
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
    {"--no-dht --no-lsd --no-pex --no-utp --no-portmap --upnp --no-incoming a", "", "a"},
    {"--holepunch-relay a", "", "a"},
    {"--encryption=off a", "", "a"},
    {"--encryption allow a", "", "a"},
    {"--encryption=prefer a", "", "a"},
    {"--proxy=socks5://user:password@127.0.0.1:9050 a", "", "a"},
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
    {"create -o x --force --json --private --sandbox=off a", "create", "a"},
    {"create -ox -- -a", "create", "-a"},
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
        "--max-up=3M --encryption=require --max-peers=4 --select=1-3 --label=films "
        "--active-downloads=7 "
        "--active-seeds=8 "
        "--active-checks=0 --turtle-down=5K --turtle-up 0 "
        "--turtle-schedule=daily22:00-06:00 --seed-ratio=1.5 --seed-time=90 "
        "--seed-action=remove",
        "--download-dir d --state-dir s --port 80 --bind b"};
    struct options options;
    ck_assert_int_eq(parse(lines[0], &options), EXIT_STATUS_OK);
    ck_assert_str_eq(options.peers[0], "h:1");
    ck_assert_uint_eq(options.peer_count, 1);
    ck_assert_uint_eq(options.max_down, 2048);
    ck_assert_uint_eq(options.max_up, 3 << 20);
    ck_assert_int_eq(options.encryption, ENCRYPTION_REQUIRE);
    ck_assert_uint_eq(options.max_peers, 4);
    ck_assert_uint_eq(options.active_downloads, 7);
    ck_assert_uint_eq(options.active_seeds, 8);
    ck_assert_uint_eq(options.active_checks, 0);
    ck_assert_str_eq(options.select, "1-3");
    ck_assert_uint_eq(options.seed_ratio, 150);
    ck_assert_uint_eq(options.seed_minutes, 90);
    ck_assert(options.seed_remove);
    ck_assert_str_eq(options.label, "films");
    ck_assert_uint_eq(options.turtle_down, 5120);
    ck_assert_uint_eq(options.turtle_up, 0);
    ck_assert_str_eq(options.turtle_schedule, "daily22:00-06:00");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(parse(lines[i], &options), EXIT_STATUS_OK);
        ck_assert_str_eq(options.download_dir, "d");
        ck_assert_str_eq(options.state_dir, "s");
        ck_assert_uint_eq(options.port, 80);
        ck_assert_str_eq(options.bind, "b");
    }
}
END_TEST

START_TEST(what_a_torrent_is_made_with_is_what_was_given)
{
    struct options options;
    const struct create_options *create = &options.create;
    ck_assert_int_eq(parse("create a", &options), EXIT_STATUS_OK);
    ck_assert(create->output == NULL && create->comment == NULL &&
              create->source == NULL);
    ck_assert(!create->force && !create->is_private);
    ck_assert_uint_eq(create->piece_bytes, 0);
    ck_assert_int_eq(create->date, CREATE_DATE_NONE);
    ck_assert_int_eq(parse("create -o o --force --private --piece-size=1M "
                           "--tracker=http://a/,udp://b:1 --tracker=https://c/ "
                           "--webseed=http://w/ --exclude=*.o a",
                           &options),
                     EXIT_STATUS_OK);
    ck_assert_str_eq(create->output, "o");
    ck_assert(create->force && create->is_private);
    ck_assert_uint_eq(create->piece_bytes, 1 << 20);
    ck_assert_uint_eq(create->tier_count, 2);
    ck_assert_uint_eq(create->url_count, 3);
    ck_assert_str_eq(create->tiers[0], "http://a/,udp://b:1");
    ck_assert_str_eq(create->tiers[1], "https://c/");
    ck_assert_uint_eq(create->webseed_count, 1);
    ck_assert_str_eq(create->webseeds[0], "http://w/");
    ck_assert_uint_eq(create->exclude_count, 1);
    ck_assert_str_eq(create->excludes[0], "*.o");
    ck_assert_int_eq(parse("create --comment=\xc3\xa4 --source=s --date=0 a", &options),
                     EXIT_STATUS_OK);
    ck_assert_str_eq(create->comment, "\xc3\xa4");
    ck_assert_str_eq(create->source, "s");
    ck_assert_int_eq(create->date, CREATE_DATE_GIVEN);
    ck_assert_int_eq(create->date_s, 0);
    ck_assert_int_eq(parse("create --date=now a", &options), EXIT_STATUS_OK);
    ck_assert_int_eq(create->date, CREATE_DATE_NOW);
    ck_assert_int_eq(create->format, METAINFO_V1);
    ck_assert_int_eq(parse("create --format=v2 a", &options), EXIT_STATUS_OK);
    ck_assert_int_eq(create->format, METAINFO_V2);
    ck_assert_int_eq(parse("create --format=hybrid a", &options), EXIT_STATUS_OK);
    ck_assert_int_eq(create->format, METAINFO_HYBRID);
}
END_TEST

START_TEST(priorities_are_a_list_and_a_level)
{
    struct options options;
    size_t length;
    ck_assert_int_eq(parse("--priority=1-3,a:b:high --priority=*:low", &options),
                     EXIT_STATUS_OK);
    ck_assert_uint_eq(options.priority_count, 2);
    ck_assert_int_eq(option_priority(options.priorities[0], &length), 1);
    ck_assert_uint_eq(length, strlen("1-3,a:b"));
    ck_assert_int_eq(option_priority(options.priorities[1], &length), -1);
    ck_assert_int_eq(option_priority("*:normal", &length), 0);
    ck_assert_int_eq(option_priority("*:NORMAL", &length), OPTION_NO_PRIORITY);
}
END_TEST

START_TEST(own_keys_come_after_the_presets)
{
    const uint32_t list = SCOPE_ANY | SCOPE_TORRENTS | SCOPE_TABLE;
    struct options options;
    struct keymap map;
    ck_assert_int_eq(parse("--key=pause --key=quit=x", &options), EXIT_STATUS_USAGE);
    ck_assert_int_eq(parse("--key=remove --keys=rtorrent", &options), EXIT_STATUS_OK);
    options_keymap(&options, &map);
    ck_assert_int_eq(keymap_find(&map, list, KEY_CONTROL('n')), ACTION_DOWN);
    ck_assert_int_eq(keymap_find(&map, list, KEY_CONTROL('k')), ACTION_NONE);
    ck_assert_int_eq(parse("", &options), EXIT_STATUS_OK);
    options_keymap(&options, &map);
    ck_assert_int_eq(keymap_find(&map, list, 'd'), ACTION_REMOVE);
}
END_TEST

START_TEST(flags_are_what_was_given)
{
    struct options options;
    ck_assert_int_eq(
        parse("--headless --json --exit-when-done --sequential --no-incoming "
              "--super-seed --first-last --ascii --color=always",
              &options),
        EXIT_STATUS_OK);
    ck_assert(options.headless && options.json && options.exit_when_done);
    ck_assert(options.sequential && options.no_incoming && options.ascii);
    ck_assert(options.super_seed);
    ck_assert(options.first_last);
    ck_assert_int_eq(options.color, COLOR_ALWAYS);
    ck_assert_int_eq(parse("", &options), EXIT_STATUS_OK);
    ck_assert(!options.headless && !options.json && !options.exit_when_done);
    ck_assert(!options.sequential && !options.no_incoming && !options.ascii);
    ck_assert(!options.first_last);
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
    tcase_add_test(tcase, what_a_torrent_is_made_with_is_what_was_given);
    tcase_add_test(tcase, priorities_are_a_list_and_a_level);
    tcase_add_test(tcase, own_keys_come_after_the_presets);
    tcase_add_test(tcase, flags_are_what_was_given);
    tcase_add_test(tcase, flags_can_be_turned_off_and_the_last_word_holds);
    tcase_add_test(tcase, a_program_started_without_a_name_has_no_options);
    suite_add_tcase(suite, tcase);
    return suite;
}
