/*
 * HTTP servers of the tests' own, in the place of net/http.c: a program that links this
 * makes its requests through it. Answers come after a chosen time on the loop's clock.
 * Calls are not to be had; parts are, of what an answer has for its file.
 */
#ifndef BTTUI_TESTS_LIB_VHTTP_H
#define BTTUI_TESTS_LIB_VHTTP_H

#include "net/http.h"

#include <stdbool.h>

struct vhttp_answer {
    uint64_t after_ns;
    enum error_code error;
    const char *message;
    long status; /* 200 at first */
    uint8_t body[8192];
    size_t length;
    const uint8_t *file; /* for who asks for a part, of `length` bytes; NULL: 404 */
    struct netaddr from;
    bool never;
    unsigned shut;   /* as it was asked for: enum http_shut */
    size_t max_body; /* as well */
};
/* Fills in the answer to a GET of URL, whole or in part. */
typedef void vhttp_on_get(void *context, const char *url,
                          struct vhttp_answer *ret_answer);
void vhttp_serve(struct http *http, vhttp_on_get *on_get, void *context);
uint32_t vhttp_under_way(const struct http *http);

#endif
