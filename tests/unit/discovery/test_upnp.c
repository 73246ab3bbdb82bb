/* Port mapping by UPnP: what is believed of a gateway, and what it is asked (W16). */
#include "discovery/upnp.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE                                                                          \
    "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>" \
    "<controlURL>%s</controlURL></service>"

static struct random_seeded generator;
static struct upnp *upnp;
static struct netaddr own, gateway;
static uint64_t now_ns;
static uint32_t searches, calls;
static char url[UPNP_URL_SIZE], action[200], body[2000];

static struct netaddr address(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void on_search(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    ck_assert_uint_gt(length, 40);
    ck_assert_mem_eq(bytes, "M-SEARCH * HTTP/1.1\r\n", 21);
    searches++;
}

static void on_call(void *context, const char *to, const char *what, const uint8_t *bytes,
                    size_t length)
{
    (void)context;
    calls++;
    snprintf(url, sizeof url, "%s", to);
    snprintf(action, sizeof action, "%s", what != NULL ? what : "GET");
    snprintf(body, sizeof body, "%.*s", (int)length, (const char *)bytes);
}

static void setup(void)
{
    const struct upnp_config config = {
        .random = &generator.source, .search = on_search, .call = on_call};
    random_seeded_init(&generator, 5);
    now_ns = 1000 * NS_PER_S;
    searches = calls = 0;
    own = address("192.168.1.7");
    gateway = address("192.168.1.1");
    upnp = upnp_new(&config);
    ck_assert_ptr_nonnull(upnp);
    ck_assert(upnp_begin(upnp, now_ns, &own, &gateway, 6881));
}

static void teardown(void)
{
    upnp_free(upnp);
}

static void run_for(uint64_t for_ns)
{
    const uint64_t end_ns = now_ns + for_ns;
    while (upnp_next_ns(upnp) <= end_ns) {
        now_ns = upnp_next_ns(upnp) > now_ns ? upnp_next_ns(upnp) : now_ns;
        upnp_run(upnp, now_ns);
    }
    now_ns = end_ns;
}

static struct upnp_look look(void)
{
    struct upnp_look look;
    upnp_get_look(upnp, &look);
    return look;
}

static void hear(const char *from, const char *location)
{
    char text[400];
    const struct netaddr sender = address(from);
    const int length = snprintf(
        text, sizeof text, "HTTP/1.1 200 OK\r\nST: x\r\nLocation: %s\r\n\r\n", location);
    upnp_receive(upnp, now_ns, &sender, (const uint8_t *)text, (size_t)length);
}

static void answer(long status, const char *text)
{
    upnp_on_result(upnp, now_ns, status, (const uint8_t *)text, strlen(text));
}

static void describe(const char *control)
{
    char text[800];
    snprintf(text, sizeof text, "<root>" SERVICE "</root>", control);
    answer(200, text);
}

static void map(void)
{
    run_for(0);
    hear("192.168.1.1:1900", "http://192.168.1.1:5000/desc.xml");
    describe("/ctl");
    answer(200, "<ok/>");
    answer(200, "<ok/>");
    answer(200, "<a><NewExternalIPAddress>5.6.7.8</NewExternalIPAddress></a>");
}

START_TEST(a_gateway_is_found_asked_for_both_and_told_of_the_end)
{
    run_for(0);
    ck_assert_uint_eq(searches, 1);
    hear("192.168.1.1:1900", "http://192.168.1.1:5000/desc.xml");
    ck_assert_str_eq(url, "http://192.168.1.1:5000/desc.xml");
    ck_assert_str_eq(action, "GET");
    describe("ctl"); /* beside the description */
    ck_assert_str_eq(url, "http://192.168.1.1:5000/ctl");
    ck_assert_str_eq(action,
                     "\"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"");
    ck_assert_ptr_nonnull(
        strstr(body, "<NewInternalClient>192.168.1.7</NewInternalClient>"));
    ck_assert_ptr_nonnull(strstr(body, "<NewProtocol>TCP<"));
    answer(200, "<ok/>");
    ck_assert_ptr_nonnull(strstr(body, "<NewProtocol>UDP<"));
    answer(200, "<ok/>");
    ck_assert_ptr_nonnull(strstr(action, "#GetExternalIPAddress"));
    answer(200, "<a><NewExternalIPAddress>5.6.7.8</NewExternalIPAddress></a>");
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    ck_assert_uint_eq(look().external_port, 6881);
    ck_assert_uint_eq(look().external.bytes[3], 8);
    const uint32_t before = calls;
    run_for(PORTMAP_LEASE_S / 2 * NS_PER_S);
    ck_assert_uint_eq(calls, before + 1); /* again */
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    upnp_end(upnp, now_ns);
    ck_assert_ptr_nonnull(strstr(action, "#DeletePortMapping"));
    ck_assert_ptr_nonnull(strstr(body, "<NewProtocol>TCP<"));
    answer(200, "");
    ck_assert_ptr_nonnull(strstr(body, "<NewProtocol>UDP<"));
    ck_assert(!upnp_has_ended(upnp));
    answer(200, "");
    ck_assert(upnp_has_ended(upnp));
}
END_TEST

START_TEST(the_end_waits_for_two_seconds)
{
    map();
    upnp_end(upnp, now_ns);
    run_for(1900 * NS_PER_MS);
    ck_assert(!upnp_has_ended(upnp));
    run_for(200 * NS_PER_MS);
    ck_assert(upnp_has_ended(upnp));
}
END_TEST

START_TEST(silence_is_said_and_searched_into_again)
{
    run_for(5 * NS_PER_S);
    ck_assert_uint_eq(searches, 3);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    run_for(2 * NS_PER_S);
    ck_assert_int_eq(look().state, PORTMAP_SILENT);
    run_for(300 * NS_PER_S);
    ck_assert_uint_eq(searches, 4);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

/* W16 */
START_TEST(strangers_and_places_elsewhere_are_not_believed)
{
    static const char *const places[] = {
        "http://192.168.1.9:80/d.xml",
        "http://127.0.0.1:80/d.xml",
        "http://192.168.1.1.example/d",
        "http://user@192.168.1.1/d",
        "https://192.168.1.1/d",
        "http://192.168.1.1",
        "http://192.168.1.1:0/d",
        "http://192.168.1.1/\x1b[31m",
        "http://192.168.1.1:99999/d",
        "file:///etc/passwd",
        "http://192.168.1.9\\@192.168.1.1/",
        "",
    };
    run_for(0);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        hear("192.168.1.1:1900", places[i]);
    hear("192.168.1.9:1900", "http://192.168.1.1:80/d.xml");
    hear("8.8.8.8:1900", "http://8.8.8.8:80/d.xml");
    ck_assert_uint_eq(calls, 0);
    hear("192.168.1.1:1900", "http://192.168.1.1/d.xml");
    ck_assert_uint_eq(calls, 1);
    hear("192.168.1.1:1900", "http://192.168.1.1/e.xml"); /* one is enough */
    ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(only_a_private_gateway_of_our_network_is_asked)
{
    static const char *const others[] = {"192.168.2.1", "10.0.0.1",    "8.8.8.8",
                                         "127.0.0.1",   "169.254.1.1", "[fd00::1]"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct netaddr other = address(others[i]);
        ck_assert(!upnp_begin(upnp, now_ns, &own, &other, 6881));
        ck_assert_int_eq(look().state, PORTMAP_RESTING);
        ck_assert_uint_eq(upnp_next_ns(upnp), UINT64_MAX);
    }
}
END_TEST

static const struct {
    const char *text;
    enum error_code error;
} descriptions[] = {
    {"", ERROR_INVALID},
    {"<service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1"
     "</serviceType><controlURL>/x</controlURL></service>",
     ERROR_INVALID},
    {"<!DOCTYPE a [<!ENTITY b \"c\">]><root/>", ERROR_REFUSED},
    {"<root><![CDATA[x]]></root>", ERROR_REFUSED},
    {"<!-- a <b> --><service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1"
     "</serviceType><controlURL>/x</controlURL></service>",
     ERROR_NONE},
    {"<x:service><x:serviceType> urn:schemas-upnp-org:service:WANIPConnection:2\n"
     "</x:serviceType><x:controlURL a='b'>\t/x </x:controlURL></x:service>",
     ERROR_NONE},
    {"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
     "<controlURL>http://192.168.1.9/x</controlURL></service>",
     ERROR_REFUSED},
    {"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
     "<controlURL>//192.168.1.9/x</controlURL></service>",
     ERROR_NONE}, /* a path */
    {"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
     "<controlURL>/x&amp;y</controlURL></service>",
     ERROR_REFUSED},
    {"<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
     "<controlURL>/x</controlURL>",
     ERROR_INVALID},
    {"<><</><!", ERROR_REFUSED},
    {"<><</>", ERROR_INVALID},
};

START_TEST(a_description_is_read_as_far_as_it_is_harmless)
{
    struct upnp_service service;
    const char *text = descriptions[_i].text;
    ck_assert_int_eq(upnp_read_description((const uint8_t *)text, strlen(text),
                                           "http://192.168.1.1:80/d/e.xml", &gateway,
                                           &service),
                     descriptions[_i].error);
    if (descriptions[_i].error == ERROR_NONE)
        ck_assert(upnp_url_is_at(service.url, &gateway));
}
END_TEST

START_TEST(what_is_too_long_is_not_read)
{
    struct upnp_service service;
    struct upnp_answer reply;
    uint8_t *huge = calloc(1, UPNP_BODY_MAX + 1);
    ck_assert_ptr_nonnull(huge);
    ck_assert_int_eq(upnp_read_description(huge, UPNP_BODY_MAX + 1, "http://192.168.1.1/",
                                           &gateway, &service),
                     ERROR_LIMIT);
    ck_assert_int_eq(upnp_read_answer(huge, UPNP_BODY_MAX + 1, &reply), ERROR_LIMIT);
    free(huge);
}
END_TEST

START_TEST(a_refusal_is_told_in_clean_words)
{
    run_for(0);
    hear("192.168.1.1:1900", "http://192.168.1.1:5000/desc.xml");
    describe("/ctl");
    answer(500, "<errorCode>606</errorCode><errorDescription>No\x1b[31m\xff"
                "</errorDescription>");
    ck_assert_int_eq(look().state, PORTMAP_REFUSED);
    ck_assert_ptr_nonnull(strstr(look().text, "No"));
    ck_assert_ptr_null(strchr(look().text, '\x1b'));
    ck_assert_ptr_null(strchr(look().text, '\xff'));
    upnp_end(upnp, now_ns);
    ck_assert(upnp_has_ended(upnp)); /* nothing was had */
}
END_TEST

START_TEST(without_leases_and_where_the_port_is_taken_it_asks_otherwise)
{
    run_for(0);
    hear("192.168.1.1:1900", "http://192.168.1.1:5000/desc.xml");
    describe("/ctl");
    ck_assert_ptr_nonnull(strstr(body, "<NewLeaseDuration>3600<"));
    answer(500, "<errorCode>725</errorCode>");
    ck_assert_ptr_nonnull(strstr(body, "<NewLeaseDuration>0<"));
    for (int i = 0; i < 4; i++) {
        answer(500, "<errorCode>718</errorCode>");
        ck_assert_ptr_null(strstr(body, "<NewExternalPort>6881<"));
        ck_assert_ptr_nonnull(strstr(body, "<NewInternalPort>6881<"));
    }
    answer(500, "<errorCode>718</errorCode>");
    ck_assert_int_eq(look().state, PORTMAP_REFUSED);
}
END_TEST

Suite *suite_upnp(void)
{
    Suite *suite = suite_create("upnp");
    TCase *tests = tcase_create("upnp");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_gateway_is_found_asked_for_both_and_told_of_the_end);
    tcase_add_test(tests, the_end_waits_for_two_seconds);
    tcase_add_test(tests, silence_is_said_and_searched_into_again);
    tcase_add_test(tests, strangers_and_places_elsewhere_are_not_believed);
    tcase_add_test(tests, only_a_private_gateway_of_our_network_is_asked);
    tcase_add_loop_test(tests, a_description_is_read_as_far_as_it_is_harmless, 0,
                        sizeof descriptions / sizeof descriptions[0]);
    tcase_add_test(tests, what_is_too_long_is_not_read);
    tcase_add_test(tests, a_refusal_is_told_in_clean_words);
    tcase_add_test(tests, without_leases_and_where_the_port_is_taken_it_asks_otherwise);
    suite_add_tcase(suite, tests);
    return suite;
}
