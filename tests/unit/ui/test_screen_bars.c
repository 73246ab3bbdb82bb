/* The rows around the views say what is known of the session, and no more. */
#include "tests/unit/ui/screen_rig.h"
#include "torrent/looks.h"

static void (*change)(struct session_info *info);

void __real_session_get_info(struct session *session, struct session_info *ret_info);
void __wrap_session_get_info(struct session *session, struct session_info *ret_info);
void __wrap_session_get_info(struct session *asked, struct session_info *ret_info)
{
    __real_session_get_info(asked, ret_info);
    if (change != NULL)
        change(ret_info);
}

static void look_again(void (*with)(struct session_info *info))
{
    change = with;
    screen_draw(screen);
}

static void with_dht(struct session_info *info)
{
    info->dht_nodes = 312;
}

static void with_mapping(struct session_info *info)
{
    info->port_mapping = PORT_MAPPED;
}

static void with_double_mapping(struct session_info *info)
{
    info->port_mapping = PORT_MAPPED_INSIDE;
}

static void with_refusal(struct session_info *info)
{
    info->port_mapping = PORT_REFUSED;
}

static void with_caller(struct session_info *info)
{
    info->port_mapping = PORT_MAPPED;
    info->incoming_seen = true;
}

START_TEST(the_header_says_what_is_known_of_the_network)
{
    open_screen(120, 24, false);
    check_shown("  port 6881  ");
    check_not_shown("DHT");
    look_again(with_dht);
    check_shown("  port 6881  DHT 312  ");
    look_again(with_mapping);
    check_shown("  port 6881 mapped  ");
    look_again(with_double_mapping);
    check_shown("  port 6881 mapped?  ");
    look_again(with_refusal);
    check_shown("  port 6881 not mapped  ");
    look_again(with_caller);
    check_shown("  port 6881 open  ");
}
END_TEST

static void without_interface(struct session_info *info)
{
    info->bound = "wg0\x1b[31m";
    info->trouble = "the interface wg0 is down";
}

START_TEST(the_header_says_that_nothing_is_sent)
{
    open_screen(80, 24, false);
    check_not_shown("nothing sent");
    look_again(without_interface);
    check_shown("  nothing sent: no wg0");
    check_rows(screen_canvas(screen));
    look_again(NULL);
    check_not_shown("nothing sent");
}
END_TEST

Suite *test_screen_bars_suite(void)
{
    Suite *suite = suite_create("screen_bars");
    TCase *tests = screen_case(suite, "bars", setup_torrents);
    tcase_add_test(tests, the_header_says_what_is_known_of_the_network);
    tcase_add_test(tests, the_header_says_that_nothing_is_sent);
    return suite;
}
