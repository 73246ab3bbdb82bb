/* Torrents come into a session by magnet links. */
#include "base/i18n.h"
#include "base/text.h"
#include "meta/bencode.h"
#include "meta/magnet.h"
#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *session_magnet_fault(enum error_code error)
{
    switch ((int)error) {
    case ERROR_LIMIT:
        return _("the link is longer than 64 KiB");
    case ERROR_INVALID:
        return _("the link does not name one torrent: xt must be urn:btih: or urn:btmh: "
                 "and a whole hash, once");
    case ERROR_SYNTAX:
        return _("this is neither a magnet link nor an info-hash");
    default:
        return error_text(error);
    }
}

static void complain(const char *text, enum error_code error,
                     char message[SESSION_MESSAGE_SIZE])
{
    char shown[160];
    text_clean(text_untrusted(text), 60, shown, sizeof shown);
    snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", shown, session_magnet_fault(error));
}

/* What the link knows may be news. */
static void tell(struct session *session, struct torrent *torrent,
                 const struct magnet *magnet)
{
    for (uint32_t i = 0; i < magnet->trackers.count && !torrent->meta->is_private; i++)
        (void)!torrent_add_tracker(session, torrent->id, magnet->trackers.texts[i]);
    for (uint32_t i = 0; i < magnet->peers.count && !torrent->meta->is_private; i++) {
        struct netaddr address;
        const struct netaddr nobody = {.family = NETADDR_NONE};
        if (netaddr_parse(magnet->peers.texts[i], 0, &address) == ERROR_NONE &&
            netaddr_may_nominate(&nobody, &address) && !netaddr_is_stand_in(&address))
            torrent_add_peer(session, torrent->id, &address);
    }
}

static enum error_code add(struct session *session, const struct magnet *magnet,
                           const struct add_options *options, struct torrent_id *ret_id)
{
    struct torrent *twin;
    struct metainfo *meta = metainfo_new_awaited(magnet);
    if (meta == NULL)
        return ERROR_MEMORY;
    twin = session_twin(session, meta, NULL);
    if (twin != NULL) {
        metainfo_free(meta);
        *ret_id = twin->id;
        tell(session, twin, magnet);
        return ERROR_EXISTS;
    }
    return session_add_metainfo(session, meta, magnet, options, ret_id);
}

enum error_code session_add_magnet(struct session *session, const char *text,
                                   const struct add_options *options,
                                   struct torrent_id *ret_id,
                                   char message[SESSION_MESSAGE_SIZE])
{
    struct magnet magnet;
    message[0] = '\0';
    if (session->gone_count > 0)
        session_save_list(session); /* it may be one of them that comes back */
    enum error_code error = magnet_parse(text, strlen(text), &magnet);
    if (error != ERROR_NONE) {
        complain(text, error, message);
        return error == ERROR_INVALID ? ERROR_SYNTAX : error; /* that is --select's */
    }
    error = add(session, &magnet, options, ret_id);
    magnet_done(&magnet);
    if (error == ERROR_EXISTS) {
        snprintf(message, SESSION_MESSAGE_SIZE, _("is in the list already"));
        return error;
    }
    if (error != ERROR_NONE) {
        complain(text, error, message);
        return error;
    }
    struct torrent *torrent = session_torrent(session, *ret_id);
    if (session->restoring == NULL) {
        session_no_longer_waits(session, torrent->meta);
        torrent_keep_link(torrent);
    } else {
        torrent->has_kept_link = true;
    }
    return ERROR_NONE;
}

bool session_is_magnet(const char *text)
{
    return magnet_is_one(text);
}

enum error_code session_add_text(struct session *session, const char *text,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE])
{
    const bool is_file = access(text, F_OK) == 0;
    return magnet_is_one(text) && !is_file
               ? session_add_magnet(session, text, options, ret_id, message)
               : session_add_file(session, text, options, ret_id, message);
}

/* ---- restoring ---- */

static char *copy(struct bencode_value dict, const char *key)
{
    const char *bytes;
    size_t length;
    return bencode_get_string(dict, key, &bytes, &length) ? strndup(bytes, length) : NULL;
}

static enum error_code restore(struct session *session, struct bencode_value dict,
                               char message[SESSION_MESSAGE_SIZE])
{
    struct torrent_id id;
    char *dir = copy(dict, "dir"), *link = copy(dict, "link");
    char *select = copy(dict, "select");
    const struct add_options options = {.download_dir = dir, .select = select};
    enum error_code error = ERROR_CORRUPT;
    if (dir != NULL && link != NULL)
        error = session_add_magnet(session, link, &options, &id, message);
    free(dir);
    free(link);
    free(select);
    return error;
}

enum error_code session_restore_link(struct session *session, const char *path,
                                     char message[SESSION_MESSAGE_SIZE])
{
    uint8_t *bytes;
    size_t length;
    struct bencode tree;
    struct metainfo_error why;
    enum error_code error = metainfo_read_file(path, &bytes, &length, &why);
    if (error != ERROR_NONE)
        return error;
    error = bencode_parse(bytes, length, &bencode_limits_tracker, &tree, NULL);
    if (error == ERROR_NONE) {
        error = restore(session, bencode_root(&tree), message);
        bencode_done(&tree);
    }
    free(bytes);
    return error;
}
