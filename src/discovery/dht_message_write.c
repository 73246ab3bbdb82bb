/* Messages of the DHT are written; keys stand in order, as bencode wants it. */
#include "discovery/dht_message.h"
#include "meta/bencode.h"

#include <stdio.h>
#include <string.h>

/* Remembers failure, so that it is looked for once. */
struct writer {
    struct buffer *out;
    enum error_code error;
};

static void put_raw(struct writer *writer, const char *text)
{
    if (writer->error == ERROR_NONE)
        writer->error = buffer_append_text(writer->out, text);
}

static void put_string(struct writer *writer, const char *key, const void *bytes,
                       size_t length)
{
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_text(writer->out, key);
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_string(writer->out, bytes, length);
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
    put_string(writer, key, text, strlen(text));
}

static void put_integer(struct writer *writer, const char *key, int64_t value)
{
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_text(writer->out, key);
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_integer(writer->out, value);
}

static size_t compact(const struct netaddr *address, uint8_t ret_bytes[18])
{
    const size_t length = address->family == NETADDR_V4 ? 4 : 16;
    memcpy(ret_bytes, address->bytes, length);
    be16_put(ret_bytes + length, address->port);
    return length + 2;
}

static const char *method_name(enum dht_method method)
{
    switch (method) {
    case DHT_FIND_NODE:
        return "find_node";
    case DHT_GET_PEERS:
        return "get_peers";
    case DHT_ANNOUNCE_PEER:
        return "announce_peer";
    case DHT_SAMPLE_INFOHASHES:
        return "sample_infohashes";
    default:
        return "ping";
    }
}

static void put_arguments(struct writer *writer, const struct dht_query *query)
{
    const bool by_hash =
        query->method == DHT_GET_PEERS || query->method == DHT_ANNOUNCE_PEER;
    put_string(writer, "id", query->id.bytes, DHT_ID_BYTES);
    if (query->method == DHT_ANNOUNCE_PEER)
        put_integer(writer, "implied_port", query->implied_port);
    if (by_hash)
        put_string(writer, "info_hash", query->target.bytes, DHT_ID_BYTES);
    if (query->method == DHT_ANNOUNCE_PEER) {
        put_integer(writer, "port", query->port);
        put_integer(writer, "seed", query->seed);
        put_string(writer, "token", query->token, query->token_length);
    }
    if (query->method == DHT_FIND_NODE || query->method == DHT_SAMPLE_INFOHASHES)
        put_string(writer, "target", query->target.bytes, DHT_ID_BYTES);
    if (query->want != 0) {
        put_raw(writer, "4:wantl");
        put_raw(writer, query->want & DHT_WANT_V4 ? "2:n4" : "");
        put_raw(writer, query->want & DHT_WANT_V6 ? "2:n6" : "");
        put_raw(writer, "e");
    }
}

#define OUR_VERSION "BT\x01\x00"

static void put_version(struct writer *writer)
{
    put_string(writer, "v", OUR_VERSION, 4);
}

enum error_code dht_write_query(const struct dht_query *query, struct buffer *out)
{
    struct writer writer = {out, ERROR_NONE};
    uint8_t transaction[2];
    buffer_clear(out);
    put_raw(&writer, "d1:ad");
    put_arguments(&writer, query);
    put_raw(&writer, "e");
    put_text(&writer, "q", method_name(query->method));
    if (query->read_only)
        put_integer(&writer, "ro", 1);
    be16_put(transaction, query->transaction);
    put_string(&writer, "t", transaction, sizeof transaction);
    put_version(&writer);
    put_raw(&writer, "1:y1:qe");
    return writer.error;
}

static void put_nodes(struct writer *writer, const char *key,
                      const struct dht_contact *nodes, uint32_t count)
{
    uint8_t bytes[DHT_MESSAGE_MAX];
    size_t length = 0;
    for (uint32_t i = 0; i < count && sizeof bytes - length >= DHT_ID_BYTES + 18; i++) {
        memcpy(bytes + length, nodes[i].id.bytes, DHT_ID_BYTES);
        length += DHT_ID_BYTES;
        length += compact(&nodes[i].address, bytes + length);
    }
    put_string(writer, key, bytes, length);
}

static void put_samples(struct writer *writer, const struct dht_reply *reply)
{
    put_integer(writer, "num", reply->sample_total);
    put_string(writer, "samples", reply->samples,
               (size_t)reply->sample_count * DHT_ID_BYTES);
}

static void put_values(struct writer *writer, const struct dht_reply *reply)
{
    uint8_t bytes[18];
    put_raw(writer, "6:valuesl");
    for (uint32_t i = 0; i < reply->value_count && writer->error == ERROR_NONE; i++)
        writer->error =
            bencode_put_string(writer->out, bytes, compact(&reply->values[i], bytes));
    put_raw(writer, "e");
}

static void put_answer(struct writer *writer, const struct dht_reply *reply)
{
    if (reply->bloom_peers != NULL) {
        put_string(writer, "BFpe", reply->bloom_peers, DHT_BLOOM_BYTES);
        put_string(writer, "BFsd", reply->bloom_seeds, DHT_BLOOM_BYTES);
    }
    put_string(writer, "id", reply->id.bytes, DHT_ID_BYTES);
    if (reply->samples != NULL)
        put_integer(writer, "interval", reply->sample_interval_s);
    if (reply->nodes4 != NULL)
        put_nodes(writer, "nodes", reply->nodes4, reply->node4_count);
    if (reply->nodes6 != NULL)
        put_nodes(writer, "nodes6", reply->nodes6, reply->node6_count);
    if (reply->samples != NULL)
        put_samples(writer, reply);
    if (reply->token != NULL)
        put_string(writer, "token", reply->token, reply->token_length);
    if (reply->value_count > 0)
        put_values(writer, reply);
}

enum error_code dht_write_reply(const struct dht_reply *reply, struct buffer *out)
{
    struct writer writer = {out, ERROR_NONE};
    uint8_t observed[18];
    buffer_clear(out);
    put_raw(&writer, "d");
    put_string(&writer, "ip", observed, compact(&reply->observed, observed));
    put_raw(&writer, "1:rd");
    put_answer(&writer, reply);
    put_raw(&writer, "e");
    put_string(&writer, "t", reply->to->transaction, reply->to->transaction_length);
    put_version(&writer);
    put_raw(&writer, "1:y1:re");
    return writer.error;
}

enum error_code dht_write_error(const struct dht_message *to, enum dht_error error,
                                struct buffer *out)
{
    struct writer writer = {out, ERROR_NONE};
    char code[40];
    buffer_clear(out);
    snprintf(code, sizeof code, "d1:eli%de", (int)error);
    put_raw(&writer, code);
    put_raw(&writer,
            error == DHT_ERROR_METHOD ? "14:Method Unknown" : "14:Protocol Error");
    put_raw(&writer, "e");
    put_string(&writer, "t", to->transaction, to->transaction_length);
    put_version(&writer);
    put_raw(&writer, "1:y1:ee");
    return writer.error;
}
