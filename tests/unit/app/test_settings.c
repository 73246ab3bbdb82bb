/* The configuration file is read again: what a running session takes over, and what is
 * told. */
#include "app/settings.h"
#include "tests/lib/script_peer.h"
#include "tests/lib/world.h"
#include "tests/unit/app/check_app.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct world world;
static struct net net;
static struct session *session;
static struct settings settings;
static struct options line;
static char dir[] = "/tmp/bttui-settings-XXXXXX";
static char path[64];
static char message[SETTINGS_MESSAGE_SIZE];

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void begin(const char *text, const char *option)
{
    static char words[2][64];
    static char *argv[3];
    char why[SESSION_MESSAGE_SIZE];
    snprintf(words[0], sizeof words[0], "bttui");
    snprintf(words[1], sizeof words[1], "%s", option != NULL ? option : "");
    argv[0] = words[0];
    argv[1] = option != NULL ? words[1] : NULL;
    ck_assert_int_eq(options_parse(option != NULL ? 2 : 1, argv, &line), EXIT_STATUS_OK);
    line.config = path;
    write_file(text);
    ck_assert_int_eq(settings_open(&settings, &line), EXIT_STATUS_OK);
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .max_down = settings.options.max_down,
                                          .max_up = settings.options.max_up,
                                          .encryption = settings.options.encryption,
                                          .incoming = true,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, why), ERROR_NONE);
}

static bool read_again(const char *text)
{
    write_file(text);
    return settings_read_again(&settings, session, NULL, message, sizeof message);
}

static void setup(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
}

static void teardown(void)
{
    settings_done(&settings);
    session_free(session);
    world_done(&world);
    unlink(path);
    rmdir(dir);
}

static void check_limits(uint64_t down, uint64_t up)
{
    struct session_info info;
    session_get_info(session, &info);
    ck_assert_uint_eq(info.max_down, down);
    ck_assert_uint_eq(info.max_up, up);
}

START_TEST(limits_change_in_the_running_session)
{
    begin("max-down = 1K\nmax-up = 2K\n", NULL);
    check_limits(1024, 2048);
    ck_assert(read_again("max-down = 3K\nmax-up = 2K\n"));
    ck_assert_str_eq(message, "settings that hold from now on: max-down = 3K");
    check_limits(3072, 2048);
    ck_assert(read_again("max-down = 3K\nmax-peers = 7\n"));
    ck_assert_str_eq(message, "settings that hold from now on: max-up as by default, "
                              "max-peers = 7");
    check_limits(3072, 0);
}
END_TEST

START_TEST(the_queue_changes_in_the_running_session)
{
    struct session_settings now;
    begin("active-downloads = 2\n", NULL);
    ck_assert(read_again("active-downloads = 3\nactive-seeds = 4\nactive-checks = 5\n"));
    session_get_settings(session, &now);
    ck_assert_uint_eq(now.active_downloads, 3);
    ck_assert_uint_eq(now.active_seeds, 4);
    ck_assert_uint_eq(now.active_checks, 5);
}
END_TEST

START_TEST(keys_change_in_the_running_session)
{
    begin("keys = emacs\n", NULL);
    ck_assert(read_again("keys = rtorrent\nkey = pause x F5\nkey = \"remove #\"\n"));
    ck_assert_str_eq(message, "settings that hold from now on: keys = rtorrent, "
                              "key = remove #");
}
END_TEST

START_TEST(refusals_change_in_the_running_session)
{
    begin("refuse-leech = 1M\n", NULL);
    ck_assert(read_again("refuse-leech = 1M\nrefuse-client = Evil*\n"));
    ck_assert_str_eq(message, "settings that hold from now on: refuse-client = Evil*");
    ck_assert(read_again(""));
    ck_assert_str_eq(message, "settings that hold from now on: refuse-client as by "
                              "default, refuse-leech as by default");
}
END_TEST

/* Whether one who comes in plain is let in, as far as that shows without a torrent. */
static bool hangs_up_on_plain_ones_at_once(void)
{
    struct script_peer peer;
    struct session_info info;
    char address[32];
    session_get_info(session, &info);
    snprintf(address, sizeof address, "10.0.0.1:%u", info.port);
    script_peer_init(&peer);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop, address);
    script_peer_send(&peer,
                     "\x13"
                     "Bit",
                     4);
    world_run(&world, NS_PER_S);
    const bool over = peer.over;
    script_peer_done(&peer);
    return over;
}

START_TEST(encryption_changes_in_the_running_session)
{
    begin("encryption = require\n", NULL);
    ck_assert(hangs_up_on_plain_ones_at_once());
    ck_assert(read_again("encryption = prefer\n"));
    ck_assert_str_eq(message, "settings that hold from now on: encryption = prefer");
    ck_assert(!hangs_up_on_plain_ones_at_once());
    ck_assert(read_again("encryption = require\n"));
    ck_assert(hangs_up_on_plain_ones_at_once());
}
END_TEST

START_TEST(rules_of_labels_change_in_the_running_session)
{
    static const char bytes[] = "d4:infod6:lengthi5e4:name1:n12:piece lengthi16384e"
                                "6:pieces20:01234567890123456789ee";
    const struct add_options options = {.label = "films", .download_dir = dir};
    struct torrent_id id;
    struct torrent_info info;
    char text[SESSION_MESSAGE_SIZE];
    begin("label-rule = films time=9\n", NULL);
    ck_assert_int_eq(session_add_bytes(session, (const uint8_t *)bytes, sizeof bytes - 1,
                                       &options, &id, text),
                     ERROR_NONE);
    ck_assert(read_again("label-rule = books time=2\nlabel-rule = films time=7\n"));
    ck_assert(torrent_get_info(session, id, &info));
    ck_assert_uint_eq(info.goal.minutes, 7);
    ck_assert(read_again(""));
    ck_assert(torrent_get_info(session, id, &info));
    ck_assert_uint_eq(info.goal.minutes, 0);
}
END_TEST

START_TEST(what_the_file_left_alone_stays_as_a_key_made_it)
{
    begin("max-down = 1K\n", NULL);
    session_set_limits(session, 5, 6);
    ck_assert(read_again("max-down = 1K\n# more\nmax-peers = 2"));
    check_limits(5, 6);
    ck_assert(read_again("max-down = 2K\nmax-peers = 2"));
    check_limits(2048, 6);
}
END_TEST

START_TEST(what_needs_a_restart_is_told_until_it_is_taken_back)
{
    begin("port = 1\n", NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert(read_again("port = 2\n"));
        ck_assert_str_eq(message, "after a restart: port = 2");
    }
    ck_assert(read_again("port = 1\n"));
    ck_assert_str_eq(message, "settings: nothing has changed");
}
END_TEST

START_TEST(the_command_line_still_wins)
{
    begin("max-down = 1K\n", "--max-down=9");
    check_limits(9, 0);
    ck_assert(read_again("max-down = 2K\nmax-up = 3K"));
    ck_assert_str_eq(message, "settings that hold from now on: max-up = 3K; overruled by "
                              "the command line: max-down = 2K");
    check_limits(9, 3072);
}
END_TEST

START_TEST(a_fault_is_told_and_nothing_changes)
{
    char wanted[128];
    begin("max-down = 1K\n", NULL);
    ck_assert(!read_again("max-down = 2K\nmax-up = x\n"));
    snprintf(wanted, sizeof wanted, "%s:2: max-up: “x” is not a rate such as 500K or 2M",
             path);
    ck_assert_str_eq(message, wanted);
    check_limits(1024, 0);
    unlink(path);
    ck_assert(!settings_read_again(&settings, session, NULL, message, sizeof message));
    ck_assert_ptr_nonnull(strstr(message, "No such file"));
    ck_assert(read_again("max-down = 2K\n"));
    check_limits(2048, 0);
}
END_TEST

START_TEST(a_short_message_is_cut)
{
    begin("", NULL);
    write_file("max-down = 2K\nport = 7\nmax-up = 1\n");
    ck_assert(settings_read_again(&settings, session, NULL, message, 40));
    ck_assert_uint_eq(strlen(message), 39);
    check_limits(2048, 1);
}
END_TEST

Suite *suite_settings(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, limits_change_in_the_running_session);
    tcase_add_test(tcase, the_queue_changes_in_the_running_session);
    tcase_add_test(tcase, keys_change_in_the_running_session);
    tcase_add_test(tcase, refusals_change_in_the_running_session);
    tcase_add_test(tcase, encryption_changes_in_the_running_session);
    tcase_add_test(tcase, rules_of_labels_change_in_the_running_session);
    tcase_add_test(tcase, what_the_file_left_alone_stays_as_a_key_made_it);
    tcase_add_test(tcase, what_needs_a_restart_is_told_until_it_is_taken_back);
    tcase_add_test(tcase, the_command_line_still_wins);
    tcase_add_test(tcase, a_fault_is_told_and_nothing_changes);
    tcase_add_test(tcase, a_short_message_is_cut);
    suite_add_tcase(suite, tcase);
    return suite;
}
