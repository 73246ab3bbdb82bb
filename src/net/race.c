#include "net/race.h"

#include "base/buffer.h"
#include "net/utp.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_START_NS (250 * NS_PER_MS)
/* Handshakes fit, of peers that hide them, too. Who writes more without an answer has
 * chosen the connection there is. */
#define KEPT_BYTES 4096u

enum leg_kind { LEG_TCP, LEG_UTP };

struct race;

struct leg {
    struct race *race;
    struct stream *stream; /* NULL: not begun, or over */
    bool connected;
    size_t sent; /* of what is kept */
    enum error_code
        broken; /* a word that was not kept found it so, and it is to say so */
};

struct race {
    struct stream stream; /* first */
    struct race_config config;
    struct leg legs[2]; /* by enum leg_kind */
    struct loop_timer timer;
    struct leg *winner; /* NULL: it is on */
    struct buffer kept; /* written, until somebody has won */
    uint8_t held[256];  /* read to see who wins */
    size_t held_bytes, held_used;
    bool told; /* on_connected */
    bool reading, writing;
};

static struct race *race_of(struct stream *stream)
{
    return (struct race *)(void *)stream;
}

static struct leg *other_of(struct leg *leg)
{
    return &leg->race->legs[leg == leg->race->legs];
}

static void drop(struct leg *leg)
{
    stream_close(leg->stream);
    leg->stream = NULL;
    leg->connected = false;
}

static void win(struct leg *leg)
{
    struct race *race = leg->race;
    if (race->winner != NULL)
        return;
    race->winner = leg;
    loop_timer_cancel(race->config.loop, &race->timer);
    drop(other_of(leg));
    race->stream.kind = leg->stream->kind;
}

/* ---- what a leg has to say ---- */

/* Both are sent all that was written until now. ERROR_AGAIN: there is more of it. Another
 * error: LEG is broken, and says so when it is asked for room. */
static enum error_code send_kept(struct leg *leg)
{
    struct race *race = leg->race;
    enum error_code error = ERROR_NONE;
    while (error == ERROR_NONE && leg->sent < race->kept.length) {
        size_t sent = 0;
        const struct iovec rest = {race->kept.bytes + leg->sent,
                                   race->kept.length - leg->sent};
        error = stream_writev(leg->stream, &rest, 1, &sent);
        if (error == ERROR_NONE)
            leg->sent += sent;
    }
    stream_set_interest(leg->stream, true, error != ERROR_NONE || race->writing);
    return error;
}

static void on_leg_connected(void *context)
{
    struct leg *leg = context;
    struct race *race = leg->race;
    leg->connected = true;
    if (!race->told) {
        race->told = true;
        race->stream.callbacks->on_connected(race->stream.context);
    } else if (send_kept(leg) == ERROR_NONE && race->writing) {
        race->stream.callbacks->on_writable(race->stream.context);
    }
}

static void on_leg_error(void *context, enum error_code error);

/* Whether it has an answer, and not just its end, which would not be the end of the
 * other. */
static bool has_answer(struct leg *leg)
{
    struct race *race = leg->race;
    const struct iovec iov = {race->held, sizeof race->held};
    const enum error_code error = stream_readv(leg->stream, &iov, 1, &race->held_bytes);
    if (error == ERROR_NONE)
        return true;
    if (error != ERROR_AGAIN)
        on_leg_error(leg, error);
    return false;
}

/* What was read to see who wins is told until it is taken: no descriptor tells of it. */
static void tell_held(struct race *race)
{
    if (!race->reading || race->held_used == race->held_bytes)
        return;
    loop_timer_set_in(race->config.loop, &race->timer, 0);
    race->stream.callbacks->on_readable(race->stream.context);
}

static void on_leg_readable(void *context)
{
    struct leg *leg = context;
    struct race *race = leg->race;
    if (race->winner == NULL) {
        if (!has_answer(leg))
            return; /* the race may be over with it */
        win(leg);
        stream_set_interest(leg->stream, race->reading,
                            race->writing || leg->sent < race->kept.length);
        tell_held(race);
        return;
    }
    race->stream.callbacks->on_readable(race->stream.context);
}

static void on_leg_writable(void *context)
{
    struct leg *leg = context;
    struct race *race = leg->race;
    const enum error_code error =
        leg->broken != ERROR_NONE ? leg->broken : send_kept(leg);
    if (error != ERROR_NONE && error != ERROR_AGAIN)
        on_leg_error(leg, error);
    else if (error == ERROR_NONE && race->writing)
        race->stream.callbacks->on_writable(race->stream.context);
}

static bool begin(struct race *race, enum leg_kind kind, enum error_code *ret_error);

/* One that is over lets the other begin, if it has not. */
static void on_leg_error(void *context, enum error_code error)
{
    struct leg *leg = context, *other = other_of(leg);
    struct race *race = leg->race;
    if (race->winner == NULL) {
        enum error_code none;
        drop(leg);
        if (loop_timer_is_set(&race->timer)) {
            loop_timer_cancel(race->config.loop, &race->timer);
            (void)begin(race, other == &race->legs[LEG_UTP] ? LEG_UTP : LEG_TCP, &none);
        }
        if (other->stream != NULL)
            return;
    }
    race->stream.callbacks->on_error(race->stream.context, error);
}

static const struct stream_callbacks leg_callbacks = {on_leg_connected, on_leg_readable,
                                                      on_leg_writable, on_leg_error};

static bool begin(struct race *race, enum leg_kind kind, enum error_code *ret_error)
{
    struct leg *leg = &race->legs[kind];
    const struct race_config *config = &race->config;
    const struct netaddr *to = &race->stream.remote;
    struct stream *stream;
    *ret_error = kind == LEG_UTP ? utp_connect(config->utp, to, &stream)
                                 : config->net->connect(config->net->context,
                                                        config->loop, to, &stream);
    if (*ret_error != ERROR_NONE)
        return false;
    if (kind == LEG_UTP && config->utp_insists)
        utp_insist(stream);
    leg->stream = stream;
    stream_set_callbacks(stream, &leg_callbacks, leg);
    return true;
}

/* The head start is over, or the race is. */
static void on_timer(void *context)
{
    struct race *race = context;
    enum error_code none;
    if (race->winner != NULL) {
        tell_held(race);
        return;
    }
    (void)begin(race, race->legs[LEG_TCP].stream != NULL ? LEG_UTP : LEG_TCP, &none);
}

/* ---- the stream's side ---- */

static size_t take_held(struct race *race, const struct iovec *iov, int count)
{
    size_t got = 0;
    for (int i = 0; i < count && race->held_used < race->held_bytes; i++) {
        const size_t left = race->held_bytes - race->held_used;
        const size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;
        memcpy(iov[i].iov_base, race->held + race->held_used, part);
        race->held_used += part;
        got += part;
    }
    if (race->held_used == race->held_bytes)
        loop_timer_cancel(race->config.loop, &race->timer);
    return got;
}

static enum error_code race_readv(struct stream *stream, const struct iovec *iov,
                                  int count, size_t *ret_bytes)
{
    struct race *race = race_of(stream);
    if (race->winner == NULL)
        return ERROR_AGAIN;
    if (race->held_used < race->held_bytes) {
        *ret_bytes = take_held(race, iov, count);
        return ERROR_NONE;
    }
    return stream_readv(race->winner->stream, iov, count, ret_bytes);
}

static struct leg *connected_leg(struct race *race)
{
    for (int i = 0; i < 2; i++)
        if (race->legs[i].connected)
            return &race->legs[i];
    return NULL;
}

/* False: there is no room, or no memory, to keep it. */
static bool keep(struct race *race, const struct iovec *iov, int count, size_t *ret_bytes)
{
    const size_t before = race->kept.length;
    for (int i = 0; i < count; i++)
        if (buffer_append(&race->kept, iov[i].iov_base, iov[i].iov_len) != ERROR_NONE) {
            race->kept.length = before;
            return false;
        }
    *ret_bytes = race->kept.length - before;
    return true;
}

static enum error_code race_writev(struct stream *stream, const struct iovec *iov,
                                   int count, size_t *ret_bytes)
{
    struct race *race = race_of(stream);
    struct leg *connected = connected_leg(race);
    if (!race->told)
        return ERROR_AGAIN;
    if (race->winner == NULL && keep(race, iov, count, ret_bytes)) {
        for (int i = 0; i < 2; i++)
            if (race->legs[i].connected)
                (void)send_kept(&race->legs[i]);
        return ERROR_NONE;
    }
    if (connected == NULL)
        return ERROR_AGAIN;
    enum error_code error = send_kept(connected);
    if (error == ERROR_NONE)
        error = stream_writev(connected->stream, iov, count, ret_bytes);
    if (race->winner == NULL && error != ERROR_NONE && error != ERROR_AGAIN) {
        connected->broken = error; /* it is over, but the other may not be */
        stream_set_interest(connected->stream, true, true);
        return ERROR_AGAIN;
    }
    win(connected);
    return error;
}

static void race_set_interest(struct stream *stream, bool read, bool write)
{
    struct race *race = race_of(stream);
    race->reading = read;
    race->writing = write;
    for (int i = 0; i < 2; i++) {
        const struct leg *leg = &race->legs[i];
        if (leg->connected)
            stream_set_interest(leg->stream, race->winner == NULL || read,
                                write || leg->sent < race->kept.length);
    }
    if (read && race->winner != NULL && race->held_used < race->held_bytes)
        loop_timer_set_in(race->config.loop, &race->timer, 0);
}

static void race_set_heat(struct stream *stream, enum loop_heat heat)
{
    struct race *race = race_of(stream);
    if (race->winner != NULL)
        stream_set_heat(race->winner->stream, heat);
}

static void race_close(struct stream *stream)
{
    struct race *race = race_of(stream);
    loop_timer_cancel(race->config.loop, &race->timer);
    drop(&race->legs[LEG_TCP]);
    drop(&race->legs[LEG_UTP]);
    buffer_done(&race->kept);
    free(race);
}

static const struct stream_ops race_ops = {race_readv, race_writev, race_set_interest,
                                           race_set_heat, race_close};

/* ---- beginning ---- */

static bool is_of_all(enum error_code error)
{
    return error == ERROR_FULL || error == ERROR_MEMORY;
}

/* Where one cannot even begin, the other does. */
static enum error_code begin_any(struct race *race)
{
    const struct race_config *config = &race->config;
    const enum leg_kind first = config->utp_first || !config->tcp ? LEG_UTP : LEG_TCP;
    enum error_code error, second;
    if (begin(race, first, &error)) {
        if (config->tcp)
            loop_timer_set_in(config->loop, &race->timer, HEAD_START_NS);
        return ERROR_NONE;
    }
    if (is_of_all(error) || !config->tcp)
        return error;
    if (begin(race, first == LEG_TCP ? LEG_UTP : LEG_TCP, &second))
        return ERROR_NONE;
    return first == LEG_TCP ? error : second;
}

enum error_code race_connect(const struct race_config *config, const struct netaddr *to,
                             struct stream **ret_stream)
{
    if (config->utp == NULL)
        return config->net->connect(config->net->context, config->loop, to, ret_stream);
    struct race *race = calloc(1, sizeof *race);
    if (race == NULL)
        return ERROR_MEMORY;
    race->stream.ops = &race_ops;
    race->stream.remote = *to;
    race->config = *config;
    race->reading = true;
    race->legs[LEG_TCP].race = race->legs[LEG_UTP].race = race;
    buffer_init(&race->kept, KEPT_BYTES);
    loop_timer_init(&race->timer, on_timer, race);
    const enum error_code error = begin_any(race);
    if (error != ERROR_NONE) {
        race_close(&race->stream);
        return error;
    }
    *ret_stream = &race->stream;
    return ERROR_NONE;
}
