/* What a UPnP gateway says: where its description is, the description, answers. */
#include "discovery/upnp_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct netaddr host = {.family = NETADDR_V4, .bytes = {192, 168, 1, 1}};
    char url[UPNP_URL_SIZE];
    struct upnp_service service;
    struct upnp_answer answer;
    if (upnp_read_found(bytes, length, &host, url) == ERROR_NONE &&
        !upnp_url_is_at(url, &host))
        abort();
    if (upnp_read_description(bytes, length, "http://192.168.1.1:5000/a/b.xml", &host,
                              &service) == ERROR_NONE &&
        (!upnp_url_is_at(service.url, &host) || strlen(service.type) >= UPNP_TYPE_SIZE))
        abort();
    if (upnp_read_answer(bytes, length, &answer) == ERROR_NONE &&
        strchr(answer.text, '\x1b') != NULL)
        abort();
    return 0;
}
