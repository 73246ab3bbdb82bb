#include "bus/message.h"

#include "base/i18n.h"

#include <stdlib.h>

static void free_bitfield(struct bitfield *bits)
{
    if (bits != NULL)
        bitfield_done(bits);
    free(bits);
}

static void free_job(struct disk_job *job)
{
    if (job != NULL)
        ((struct disk_job_base *)(void *)job)->free_job(job);
}

void message_done(struct message *message, struct block_pool *pool)
{
    switch (message->type) {
    case PEER_SEND:
    case PEER_BLOCK_ARRIVED:
    case PEER_WANTED:
        block_pool_give_chain(pool, message->u.block_data.block);
        break;
    case DISK_HASH:
    case DISK_BLOCKS_BACK:
        block_pool_give_chain(pool, message->u.run.chain);
        break;
    case DISK_READ:
    case DISK_HAS_READ:
        block_pool_give_chain(pool, message->u.read.chain);
        break;
    case DISK_VERIFIED:
    case DISK_FAILED_HASH:
        block_pool_give_chain(pool, message->u.verified.chain);
        free(message->u.verified.block_sha1s);
        break;
    case DISK_ERROR:
        block_pool_give_chain(pool, message->u.disk_error.chain);
        break;
    case DISK_CHECKED:
        free_bitfield(message->u.checked.have);
        break;
    case DISK_CHECK:
    case DISK_SYNC:
    case DISK_SAVE_RESUME:
    case DISK_SETTLE:
    case DISK_ALLOCATE:
    case DISK_RENAME:
    case DISK_MOVE:
    case DISK_RELEASE:
    case DISK_DELETE:
    case DISK_FORGET_STATE:
    case DISK_SPACE:
    case DISK_LEAVES:
    case DISK_SYNCED:
    case DISK_JOB_DONE:
        free_job(message->u.job.job);
        break;
    case DISCOVERY_PEERS:
        free(message->u.peers.addresses);
        break;
    case PEER_METADATA_ARRIVED:
        free(message->u.metadata.bytes);
        break;
    case PEER_ASK_HASHES:
    case PEER_HASHES_ARRIVED:
    case PEER_HASHES_REFUSED:
    case PEER_HASHES_WANTED:
    case PEER_SEND_HASHES:
        free(message->u.hashes.bytes);
        break;
    case EVENT_WARNING:
    case EVENT_ERROR:
        free(message->u.text.text);
        break;
    case EVENT_FETCHED:
        free(message->u.fetched.text);
        break;
    case PEER_REQUEST:
    case PEER_CANCEL:
    case PEER_REJECT:
    case PEER_HAVE:
    case PEER_INTEREST:
    case PEER_CONNECT:
    case PEER_PAUSE:
    case PEER_RESUME:
    case PEER_PUT_LAST:
    case PEER_LIMIT:
    case PEER_DISCONNECT:
    case PEER_BAN:
    case PEER_ASK_METADATA:
    case PEER_METADATA_OFFERED:
    case PEER_METADATA_REFUSED:
    case PEER_CONNECTED:
    case PEER_HANDSHAKEN:
    case PEER_GONE:
    case PEER_HAS_PIECE:
    case PEER_LACKS_PIECE:
    case PEER_HAS_PIECES:
    case PEER_UPLOAD_ONLY:
    case PEER_CHOKED_US:
    case PEER_UNCHOKED_US:
    case PEER_IDLE:
    case PEER_REJECTED:
    case PEER_RETURNED:
    case PEER_STALLED:
    case PEER_SNUBBED:
    case PEER_UNWANTED:
    case PEER_MISBEHAVED:
    case PEER_STATUS_CHANGED:
    case DISK_DROP_PIECE:
    case DISK_MOVING:
    case DISK_CHECKED_RANGE:
    case DISCOVERY_ANNOUNCED:
    case EVENT_TORRENT_CHANGED:
    case EVENT_SESSION_CHANGED:
    case EVENT_TORRENT_ADDED:
    case EVENT_TORRENT_GIVEN:
    case EVENT_TORRENT_REMOVED:
    case EVENT_LISTENING:
    case EVENT_PORT_MAPPING:
    case EVENT_METADATA:
    case EVENT_CHECKED:
    case EVENT_PIECE:
    case EVENT_COMPLETED:
    case EVENT_PEER:
    case EVENT_BAN:
    case EVENT_TRACKER:
    case EVENT_CHECKPOINT:
    case EVENT_STOPPED:
        break;
    }
}

bool message_merge(struct message *into, const struct message *from)
{
    if (into->type != from->type ||
        (into->type != EVENT_TORRENT_CHANGED && into->type != EVENT_SESSION_CHANGED))
        return false;
    if (into->torrent.index != from->torrent.index ||
        into->torrent.generation != from->torrent.generation)
        return false;
    into->u.changed.what |= from->u.changed.what;
    return true;
}

static const struct {
    const char *word;
    const char *text;
} reasons[PEER_REASON_COUNT] = {
#define X(name, word, text) {word, text},
    PEER_REASON_LIST(X)
#undef X
};

const char *peer_reason_word(enum peer_reason reason)
{
    return (unsigned)reason < PEER_REASON_COUNT ? reasons[reason].word : "?";
}

const char *peer_reason_text(enum peer_reason reason)
{
    if ((unsigned)reason >= PEER_REASON_COUNT || reasons[reason].text[0] == '\0')
        return "";
    return _(reasons[reason].text);
}

const char *peer_status_word(enum peer_status status)
{
    static const char *const words[] = {"blocked", "inactive", "active", "downloading"};
    return (unsigned)status < 4 ? words[status] : "?";
}

const char *peer_transport_word(enum peer_transport transport)
{
    static const char *const words[PEER_TRANSPORT_COUNT] = {"tcp", "utp", "http"};
    return (unsigned)transport < PEER_TRANSPORT_COUNT ? words[transport] : "?";
}

const char *peer_encryption_word(enum peer_encryption encryption)
{
    static const char *const words[PEER_ENCRYPTION_COUNT] = {"none", "header", "rc4",
                                                             "tls"};
    return (unsigned)encryption < PEER_ENCRYPTION_COUNT ? words[encryption] : "?";
}

const char *peer_source_word(enum peer_source source)
{
    static const char *const words[PEER_SOURCE_COUNT] = {
        "tracker", "incoming", "manual", "resume", "dht", "pex", "lsd", "web"};
    return (unsigned)source < PEER_SOURCE_COUNT ? words[source] : "?";
}
