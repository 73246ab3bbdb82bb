/*
 * Messages of the DHT (BEP 5, 32, 33, 42, 43, 51), read and written. Whatever comes is
 * read under limits: at most 1,500 bytes, depth 8, 500 tokens. Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_MESSAGE_H
#define BTTUI_DISCOVERY_DHT_MESSAGE_H

#include "base/buffer.h"
#include "discovery/dht_id.h"

#define DHT_MESSAGE_MAX     1500u
#define DHT_TRANSACTION_MAX 20u /* bytes of others' ids that are given back */
#define DHT_TOKEN_MAX       64u
#define DHT_NODES_MAX       57u  /* what 1,500 bytes can hold */
#define DHT_VALUES_MAX      187u /* so too */
#define DHT_BLOOM_BYTES     256u /* BEP 33 */

enum dht_kind { DHT_QUERY, DHT_RESPONSE, DHT_ERROR };
enum dht_method {
    DHT_PING,
    DHT_FIND_NODE,
    DHT_GET_PEERS,
    DHT_ANNOUNCE_PEER,
    DHT_SAMPLE_INFOHASHES, /* BEP 51 */
    DHT_UNKNOWN_METHOD
};
enum dht_error { DHT_ERROR_PROTOCOL = 203, DHT_ERROR_METHOD = 204 };
enum dht_want { DHT_WANT_V4 = 1, DHT_WANT_V6 = 2 }; /* BEP 32 */

struct dht_message {
    enum dht_kind kind;
    uint8_t transaction[DHT_TRANSACTION_MAX];
    uint8_t transaction_length;
    struct dht_id id; /* the sender's; not in errors */
    struct netaddr
        observed; /* as what the sender sees us (BEP 42); family NONE: untold */

    /* queries */
    enum dht_method method;
    struct dht_id target; /* the info-hash, too */
    bool read_only;       /* the sender answers no queries (BEP 43) */
    unsigned want;        /* enum dht_want, or-ed; 0: untold */
    bool scrape;
    bool implied_port, seed;
    uint16_t port;

    /* announces, and answers to get_peers */
    uint8_t token[DHT_TOKEN_MAX];
    uint8_t token_length; /* 0: none */

    /* answers */
    struct dht_contact nodes[DHT_NODES_MAX * 2]; /* of both families */
    uint32_t node_count;
    struct netaddr values[DHT_VALUES_MAX];
    uint32_t value_count;

    int64_t error;
};

/* What is broken is ERROR_INVALID (or what bencode says) and deserves no answer; then RET
 * is undefined. */
enum error_code dht_message_parse(const uint8_t *bytes, size_t length,
                                  struct dht_message *ret_message) MUST_CHECK;

/* ---- writing: replaces what is in OUT (cap DHT_MESSAGE_MAX or more) ---- */

struct dht_query {
    uint16_t transaction;
    struct dht_id id; /* our own */
    enum dht_method method;
    struct dht_id target;
    bool read_only;
    unsigned want;
    const uint8_t *token;
    uint8_t token_length;
    uint16_t port;
    bool implied_port, seed;
};
enum error_code dht_write_query(const struct dht_query *query,
                                struct buffer *out) MUST_CHECK;

struct dht_reply {
    const struct dht_message *to; /* its transaction is given back */
    struct dht_id id;
    struct netaddr observed;          /* where the query came from */
    const struct dht_contact *nodes4; /* NULL: none are told */
    uint32_t node4_count;
    const struct dht_contact *nodes6;
    uint32_t node6_count;
    const uint8_t *token;
    uint8_t token_length;
    const struct netaddr *values;
    uint32_t value_count;
    const uint8_t *bloom_seeds, *bloom_peers; /* NULL: not told */
    const struct dht_id *samples;             /* NULL: not told (BEP 51) */
    uint32_t sample_count, sample_total, sample_interval_s;
};
enum error_code dht_write_reply(const struct dht_reply *reply,
                                struct buffer *out) MUST_CHECK;
enum error_code dht_write_error(const struct dht_message *to, enum dht_error error,
                                struct buffer *out) MUST_CHECK;

#endif
