#include "piece/smart_ban.h"

#include "piece/active.h"

#include <stdlib.h>
#include <utlist.h>

/* One failed delivery of a piece: its blocks as they came. */
struct ban_attempt {
    struct ban_attempt *prev, *next;         /* of the piece */
    struct ban_attempt *age_prev, *age_next; /* of all, oldest first */
    struct ban_record *record;
    size_t bytes;
    uint32_t block_count;
    uint8_t *sha1s;
    struct piece_source *from[];
};

struct ban_record {
    UT_hash_handle hh;
    uint32_t piece;
    uint32_t attempt_count;
    struct ban_attempt *attempts;
};

struct ban_strikes {
    UT_hash_handle hh;
    struct netaddr host;
    uint32_t count;
};

struct smart_ban {
    struct ban_record *records;
    struct ban_attempt *by_age;
    struct ban_strikes *strikers; /* uthash keeps the order of adding: first is oldest */
    size_t bytes;
};

struct smart_ban *smart_ban_new(void)
{
    return calloc(1, sizeof(struct smart_ban));
}

/* Forgets an attempt, and its piece with the last one. */
static void smart_ban_drop(struct smart_ban *ban, struct ban_attempt *attempt)
{
    struct ban_record *record = attempt->record;
    DL_DELETE(record->attempts, attempt);
    DL_DELETE2(ban->by_age, attempt, age_prev, age_next);
    ban->bytes -= attempt->bytes;
    for (uint32_t i = 0; i < attempt->block_count; i++)
        source_unref(attempt->from[i]);
    free(attempt);
    if (--record->attempt_count == 0) {
        HASH_DEL(ban->records, record);
        free(record);
    }
}

void smart_ban_free(struct smart_ban *ban)
{
    if (ban == NULL)
        return;
    while (ban->by_age != NULL)
        smart_ban_drop(ban, ban->by_age);
    struct ban_strikes *striker, *next;
    HASH_ITER(hh, ban->strikers, striker, next)
    {
        HASH_DEL(ban->strikers, striker);
        free(striker);
    }
    free(ban);
}

void smart_ban_verdict_done(struct smart_ban_verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->count; i++)
        source_unref(verdict->guilty[i]);
    verdict->count = 0;
}

/* Each source is named once in its life. */
static void smart_ban_convict(struct smart_ban_verdict *verdict,
                              struct piece_source *source)
{
    if (source->is_guilty || verdict->count == SMART_BAN_VERDICT_MAX)
        return;
    source->is_guilty = true;
    verdict->guilty[verdict->count++] = source_ref(source);
}

static struct ban_record *smart_ban_find(const struct smart_ban *ban, uint32_t piece)
{
    struct ban_record *record;
    HASH_FIND(hh, ban->records, &piece, sizeof piece, record);
    return record;
}

bool smart_ban_wants_digests(const struct smart_ban *ban, uint32_t piece)
{
    return smart_ban_find(ban, piece) != NULL;
}

size_t smart_ban_bytes(const struct smart_ban *ban)
{
    return ban->bytes;
}

/* ---- strikes ---- */

static struct netaddr smart_ban_host(const struct piece_source *source)
{
    /* Compared byte by byte: no padding may differ. */
    struct netaddr host;
    memset(&host, 0, sizeof host);
    const struct netaddr key = netaddr_ban_key(&source->address);
    host.family = key.family;
    memcpy(host.bytes, key.bytes, sizeof host.bytes);
    return host;
}

static struct ban_strikes *smart_ban_striker(const struct smart_ban *ban,
                                             const struct netaddr *host)
{
    struct ban_strikes *striker;
    HASH_FIND(hh, ban->strikers, host, sizeof *host, striker);
    return striker;
}

static struct ban_strikes *smart_ban_new_striker(struct smart_ban *ban,
                                                 const struct netaddr *host)
{
    if (HASH_COUNT(ban->strikers) >= SMART_BAN_STRIKERS_MAX) {
        struct ban_strikes *oldest = ban->strikers;
        HASH_DEL(ban->strikers, oldest);
        free(oldest);
    }
    struct ban_strikes *striker = calloc(1, sizeof *striker);
    if (striker == NULL)
        return NULL;
    striker->host = *host;
    HASH_ADD(hh, ban->strikers, host, sizeof striker->host, striker);
    if (striker->hh.tbl == NULL) {
        free(striker);
        return NULL;
    }
    return striker;
}

static void smart_ban_strike(struct smart_ban *ban, struct piece_source *source,
                             struct smart_ban_verdict *verdict)
{
    const struct netaddr host = smart_ban_host(source);
    struct ban_strikes *striker = smart_ban_striker(ban, &host);
    if (striker == NULL)
        striker = smart_ban_new_striker(ban, &host);
    if (striker != NULL && ++striker->count >= SMART_BAN_STRIKES)
        smart_ban_convict(verdict, source);
}

static void smart_ban_clear(struct smart_ban *ban, struct piece_source *source)
{
    source->on_parole = false;
    const struct netaddr host = smart_ban_host(source);
    struct ban_strikes *striker = smart_ban_striker(ban, &host);
    if (striker != NULL) {
        HASH_DEL(ban->strikers, striker);
        free(striker);
    }
}

/* A strike for everybody in FROM, once each. */
static void smart_ban_strike_all(struct smart_ban *ban, uint32_t block_count,
                                 struct piece_source *const *from,
                                 struct smart_ban_verdict *verdict)
{
    struct piece_source *struck[64];
    uint32_t count = 0;
    for (uint32_t i = 0; i < block_count; i++) {
        uint32_t at = 0;
        while (at < count && struck[at] != from[i])
            at++;
        if (at < count || count == 64)
            continue;
        struck[count++] = from[i];
        smart_ban_strike(ban, from[i], verdict);
    }
}

/* ---- attempts ---- */

static struct ban_record *smart_ban_record(struct smart_ban *ban, uint32_t piece)
{
    struct ban_record *record = smart_ban_find(ban, piece);
    if (record != NULL)
        return record;
    record = calloc(1, sizeof *record);
    if (record == NULL)
        return NULL;
    record->piece = piece;
    HASH_ADD(hh, ban->records, piece, sizeof record->piece, record);
    if (record->hh.tbl == NULL) {
        free(record);
        return NULL;
    }
    return record;
}

static struct ban_attempt *smart_ban_new_attempt(uint32_t block_count,
                                                 struct piece_source *const *from,
                                                 const uint8_t *sha1s)
{
    const size_t bytes =
        sizeof(struct ban_attempt) + (size_t)block_count * (sizeof(void *) + SHA1_BYTES);
    struct ban_attempt *attempt = bytes <= SMART_BAN_BYTES ? calloc(1, bytes) : NULL;
    if (attempt == NULL)
        return NULL;
    attempt->bytes = bytes;
    attempt->block_count = block_count;
    attempt->sha1s = (uint8_t *)(attempt->from + block_count);
    memcpy(attempt->sha1s, sha1s, (size_t)block_count * SHA1_BYTES);
    for (uint32_t i = 0; i < block_count; i++)
        attempt->from[i] = source_ref(from[i]);
    return attempt;
}

/* Evidence that is given up still weighs something. */
static void smart_ban_evict(struct smart_ban *ban, struct ban_attempt *attempt,
                            struct smart_ban_verdict *verdict)
{
    smart_ban_strike_all(ban, attempt->block_count, attempt->from, verdict);
    smart_ban_drop(ban, attempt);
}

static bool smart_ban_keep(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                           struct piece_source *const *from, const uint8_t *sha1s,
                           struct smart_ban_verdict *verdict)
{
    struct ban_attempt *attempt = smart_ban_new_attempt(block_count, from, sha1s);
    if (attempt == NULL)
        return false;
    while (ban->by_age != NULL && ban->bytes + attempt->bytes > SMART_BAN_BYTES)
        smart_ban_evict(ban, ban->by_age, verdict);
    struct ban_record *record = smart_ban_record(ban, piece);
    if (record == NULL) {
        for (uint32_t i = 0; i < block_count; i++)
            source_unref(from[i]);
        free(attempt);
        return false;
    }
    attempt->record = record;
    DL_APPEND(record->attempts, attempt);
    DL_APPEND2(ban->by_age, attempt, age_prev, age_next);
    ban->bytes += attempt->bytes;
    if (++record->attempt_count > SMART_BAN_ATTEMPTS)
        smart_ban_evict(ban, record->attempts, verdict);
    return true;
}

/* Convicts those whose block in ATTEMPT differs from the one now: all of them when the
 * piece is right now, else only who delivered both. */
static void smart_ban_compare(const struct ban_attempt *attempt, uint32_t block_count,
                              struct piece_source *const *from, const uint8_t *sha1s,
                              bool is_right, struct smart_ban_verdict *verdict)
{
    if (attempt->block_count != block_count)
        return;
    for (uint32_t i = 0; i < block_count; i++) {
        const size_t at = (size_t)i * SHA1_BYTES;
        if ((is_right || attempt->from[i] == from[i]) &&
            memcmp(attempt->sha1s + at, sha1s + at, SHA1_BYTES) != 0)
            smart_ban_convict(verdict, attempt->from[i]);
    }
}

static struct piece_source *smart_ban_sole(uint32_t block_count,
                                           struct piece_source *const *from)
{
    for (uint32_t i = 1; i < block_count; i++)
        if (from[i] != from[0] && !netaddr_equal(&from[i]->address, &from[0]->address))
            return NULL;
    return from[0];
}

void smart_ban_failed(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      struct smart_ban_verdict *verdict)
{
    struct piece_source *sole = smart_ban_sole(block_count, from);
    if (sole != NULL) {
        for (uint32_t i = 0; i < block_count; i++)
            if (i == 0 || from[i] != from[i - 1])
                smart_ban_convict(verdict, from[i]);
        return;
    }
    for (uint32_t i = 0; i < block_count; i++)
        from[i]->on_parole = true;
    const struct ban_record *record = smart_ban_find(ban, piece);
    if (record != NULL && sha1s != NULL)
        for (struct ban_attempt *attempt = record->attempts; attempt != NULL;
             attempt = attempt->next)
            smart_ban_compare(attempt, block_count, from, sha1s, false, verdict);
    if (sha1s == NULL || !smart_ban_keep(ban, piece, block_count, from, sha1s, verdict))
        smart_ban_strike_all(ban, block_count, from, verdict);
}

void smart_ban_passed(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      struct smart_ban_verdict *verdict)
{
    struct ban_record *record = smart_ban_find(ban, piece);
    while (record != NULL) {
        /* Dropping the last attempt frees the record. */
        const bool is_last = record->attempt_count == 1;
        struct ban_attempt *attempt = record->attempts;
        if (sha1s != NULL)
            smart_ban_compare(attempt, block_count, from, sha1s, true, verdict);
        else
            smart_ban_strike_all(ban, attempt->block_count, attempt->from, verdict);
        smart_ban_drop(ban, attempt);
        if (is_last)
            break;
    }
    struct piece_source *sole = smart_ban_sole(block_count, from);
    if (sole != NULL && !sole->is_guilty)
        smart_ban_clear(ban, sole);
}

static void smart_ban_pardon(uint32_t block_count, struct piece_source *const *from)
{
    for (uint32_t i = 0; i < block_count; i++)
        from[i]->on_parole &= from[i]->is_guilty;
}

void smart_ban_proved(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      const uint8_t *right_sha1s, struct smart_ban_verdict *verdict)
{
    struct ban_record *record = smart_ban_find(ban, piece);
    for (uint32_t i = 0; i < block_count; i++)
        if (memcmp(sha1s + (size_t)i * SHA1_BYTES, right_sha1s + (size_t)i * SHA1_BYTES,
                   SHA1_BYTES) != 0)
            smart_ban_convict(verdict, from[i]);
    for (uint32_t left = record != NULL ? record->attempt_count : 0; left > 0; left--) {
        struct ban_attempt *attempt = record->attempts;
        smart_ban_compare(attempt, block_count, from, right_sha1s, true, verdict);
        smart_ban_pardon(attempt->block_count, attempt->from);
        smart_ban_drop(ban, attempt); /* the last one frees the record */
    }
    smart_ban_pardon(block_count, from);
}
