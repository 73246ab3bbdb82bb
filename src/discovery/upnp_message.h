/*
 * Words of UPnP's gateways (IGD 1 and 2), read and written: SSDP, by which one is found,
 * the description of what it offers, and SOAP, by which it is asked for a port. What it
 * says is read under HOSTILE.md's W16: only addresses on the gateway itself, no entities
 * and no document types, no more than 64 KiB. Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_UPNP_MESSAGE_H
#define BTTUI_DISCOVERY_UPNP_MESSAGE_H

#include "base/buffer.h"
#include "base/netaddr.h"

#include <stdbool.h>

#define UPNP_GROUP     "239.255.255.250:1900"
#define UPNP_BODY_MAX  (64u << 10)
#define UPNP_URL_SIZE  256
#define UPNP_TYPE_SIZE 80
#define UPNP_TEXT_SIZE 160

/* Looks for gateways. */
enum error_code upnp_write_search(struct buffer *out) MUST_CHECK;
/* Where an answer to that says that its description is: an address at HOST.
 * ERROR_INVALID: it is no such answer; ERROR_REFUSED: it leads elsewhere. */
enum error_code upnp_read_found(const uint8_t *bytes, size_t length,
                                const struct netaddr *host,
                                char ret_url[UPNP_URL_SIZE]) MUST_CHECK;
/* Whether it is http://ADDRESS:PORT/… with the address of HOST, in plain letters. */
bool upnp_url_is_at(const char *url, const struct netaddr *host);

struct upnp_service {
    char type[UPNP_TYPE_SIZE]; /* WANIPConnection or WANPPPConnection */
    char url[UPNP_URL_SIZE];   /* whom to ask */
};
/* Of the description at URL. ERROR_INVALID: there is no such service, or it cannot be
 * read; ERROR_REFUSED: it has entities or a document type, or leads elsewhere. */
enum error_code upnp_read_description(const uint8_t *bytes, size_t length,
                                      const char *url, const struct netaddr *host,
                                      struct upnp_service *ret_service) MUST_CHECK;

enum upnp_action { UPNP_ADD, UPNP_DELETE, UPNP_ADDRESS };
struct upnp_wish {
    bool udp;
    uint16_t external_port, internal_port;
    struct netaddr own;
    uint32_t lease_s; /* 0: for ever */
};
const char *upnp_action_name(enum upnp_action action);
/* The body of a call; WISH is not looked at for an ADDRESS. */
enum error_code upnp_write_call(const struct upnp_service *service,
                                enum upnp_action action, const struct upnp_wish *wish,
                                struct buffer *out) MUST_CHECK;

struct upnp_answer {
    uint32_t fault;            /* UPnP's error code; 0: none was told */
    char text[UPNP_TEXT_SIZE]; /* its words for it, for people; "" */
    struct netaddr external;   /* of an ADDRESS; family NONE: not told */
};
/* ERROR_REFUSED as above. */
enum error_code upnp_read_answer(const uint8_t *bytes, size_t length,
                                 struct upnp_answer *ret_answer) MUST_CHECK;

#endif
