#include "peer/webseed_url.h"
#include "tests/unit/peer/check_peer.h"

#include <stdlib.h>
#include <string.h>

static char name[] = "a b", path[] = "a b/100% \xc3\xbc#?&/c-._~";
static char alone[] = "a b";

static const struct {
    const char *base;
    bool multi_file;
    const char *url;
} cases[] = {
    {"http://h/x.iso", false, "http://h/x.iso"},
    {"http://h/get?id=7", false, "http://h/get?id=7"},
    {"http://h/dir/", false, "http://h/dir/a%20b"},
    {"http://h/dir/", true, "http://h/dir/a%20b/100%25%20%C3%BC%23%3F%26/c-._~"},
    {"http://h/dir", true, "http://h/dir/a%20b/100%25%20%C3%BC%23%3F%26/c-._~"},
};

START_TEST(a_file_has_its_place_below_the_url)
{
    struct metainfo_file file = {.path = cases[_i].multi_file ? path : alone};
    const struct metainfo meta = {.name = name,
                                  .multi_file = cases[_i].multi_file,
                                  .files = &file,
                                  .file_count = 1};
    char *url = webseed_url(cases[_i].base, &meta, 0);
    ck_assert_str_eq(url, cases[_i].url);
    free(url);
}
END_TEST

START_TEST(the_host_of_a_url_is_found)
{
    size_t length;
    const char *host = webseed_url_host("https://host:81?x", &length);
    ck_assert_uint_eq(length, strlen("host:81"));
    ck_assert_int_eq(memcmp(host, "host:81", length), 0);
}
END_TEST

Suite *suite_webseed_url(void)
{
    Suite *suite = suite_create("webseed_url");
    TCase *tcase = tcase_create("webseed_url");
    tcase_add_loop_test(tcase, a_file_has_its_place_below_the_url, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tcase, the_host_of_a_url_is_found);
    suite_add_tcase(suite, tcase);
    return suite;
}
