/* Peers that come, tell what they have, fall silent and go. */
#include "piece/piece_private.h"

#define PATIENCE_TIMES    8u /* what a helper would need, so many times */
#define PATIENCE_LEAST_NS NS_PER_S
#define PATIENCE_MOST_S   20u

enum error_code piece_manager_peer_joined(struct piece_manager *manager,
                                          struct peer_id_ref peer,
                                          const struct netaddr *address,
                                          const uint8_t peer_id[20])
{
    const enum error_code error =
        roster_add(&manager->roster, peer, address, piece_now_ns(manager));
    if (error == ERROR_NONE)
        roster_find(&manager->roster, peer)->share_key = shares_key(peer_id);
    return error;
}

static bool piece_is_leecher(const struct piece_manager *manager,
                             const struct piece_peer *peer)
{
    return peer->has_told && !peer->is_upload_only && peer->told < manager->picker.size;
}

void piece_update_shares(struct piece_manager *manager)
{
    if (!manager->leechers_changed)
        return;
    manager->leechers_changed = false;
    struct shares shares = {.own = shares_key(manager->config.peer_id)};
    const struct roster_table *table = &manager->roster.peers; /* web seeds are none */
    for (uint32_t i = 0; i < table->capacity && shares.count < SHARES_OTHERS_MAX; i++)
        if (table->peers[i] != NULL && piece_is_leecher(manager, table->peers[i]))
            shares.others[shares.count++] = table->peers[i]->share_key;
    picker_set_shares(&manager->picker, &shares);
}

void piece_manager_has_pieces(struct piece_manager *manager, struct peer_id_ref ref,
                              const struct bitfield *bits, bool is_seed, uint32_t change)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || peer->has_told || (!is_seed && bits == NULL) ||
        (bits != NULL && bits->size != manager->picker.size))
        return;
    peer->has_told = true;
    peer->told_all = is_seed;
    peer->told = is_seed ? manager->picker.size : bits->count;
    peer->changes = change;
    manager->leechers_changed |= piece_is_leecher(manager, peer);
    picker_join(&manager->picker, is_seed ? NULL : bits);
    peer->view.nothing_generation = peer->view.boring_generation = 0;
}

/* NULL: there is no such peer, or the change was counted with its first pieces. */
static struct piece_peer *peer_of_change(struct piece_manager *manager,
                                         struct peer_id_ref ref, uint32_t piece,
                                         uint32_t change)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || piece >= manager->picker.size ||
        (int32_t)(change - peer->changes) <= 0)
        return NULL;
    peer->changes = change;
    return peer;
}

void piece_manager_has_piece(struct piece_manager *manager, struct peer_id_ref ref,
                             uint32_t piece, uint32_t change)
{
    struct piece_peer *peer = peer_of_change(manager, ref, piece, change);
    if (peer == NULL || peer->told_all || peer->told >= manager->picker.size)
        return;
    if (!peer->has_told || peer->told + 1 == manager->picker.size)
        manager->leechers_changed = true;
    peer->has_told = true;
    peer->told++;
    picker_gain(&manager->picker, &peer->view, piece);
    piece_turned_up(manager, peer, piece);
}

/* Requests for its blocks come back by themselves. */
void piece_manager_lacks_piece(struct piece_manager *manager, struct peer_id_ref ref,
                               uint32_t piece, uint32_t change)
{
    struct piece_peer *peer = peer_of_change(manager, ref, piece, change);
    if (peer == NULL || peer->told == 0)
        return;
    if (peer->told == manager->picker.size)
        manager->leechers_changed = true;
    if (peer->told_all)
        picker_split_seed(&manager->picker);
    peer->told_all = false;
    peer->told--;
    picker_lose(&manager->picker, piece);
    struct active *active = active_find(&manager->table, piece);
    if (active == NULL || active->alone != peer)
        return;
    active_set_alone(&manager->table, active, NULL);
    manager->generation++;
}

void piece_manager_set_upload_only(struct piece_manager *manager, struct peer_id_ref ref,
                                   bool on)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || peer->is_upload_only == on)
        return;
    peer->is_upload_only = on;
    manager->leechers_changed = true;
}

static void piece_uncount(struct piece_manager *manager, const struct piece_peer *peer,
                          const struct bitfield *bits, bool is_seed)
{
    if (!peer->has_told)
        return;
    if (peer->told_all)
        picker_leave(&manager->picker, NULL);
    else if (bits != NULL && bits->size == manager->picker.size)
        picker_leave(&manager->picker, bits);
    else if (is_seed)
        picker_leave_full(&manager->picker);
}

void piece_release_all(struct piece_manager *manager, struct piece_peer *peer)
{
    while (peer->requests.oldest != NULL)
        active_release(&manager->table, peer->requests.oldest);
    while (peer->own != NULL)
        active_set_alone(&manager->table, peer->own, NULL);
    manager->generation++;
}

void piece_manager_peer_lost(struct piece_manager *manager, struct peer_id_ref ref)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL)
        return;
    piece_release_all(manager, peer);
    roster_set_rate(&manager->roster, peer, 0);
    peer->is_stalled = false;
}

void piece_manager_peer_gone(struct piece_manager *manager, struct peer_id_ref ref,
                             const struct bitfield *bits, bool is_seed)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL)
        return;
    piece_release_all(manager, peer);
    struct active *active, *next;
    HASH_ITER(hh, manager->table.by_piece, active, next)
    {
        if (peer->own_count == 0)
            break;
        if (active->alone == peer)
            active_set_alone(&manager->table, active, NULL);
    }
    piece_uncount(manager, peer, bits, is_seed);
    manager->leechers_changed |= piece_is_leecher(manager, peer);
    roster_remove(&manager->roster, peer);
}

void piece_manager_peer_stalled(struct piece_manager *manager, struct peer_id_ref ref)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || peer->is_stalled)
        return;
    peer->is_stalled = true;
    for (struct request *request = peer->requests.oldest; request != NULL;
         request = request->next)
        active_set_stalled(&manager->table, request, true);
    while (peer->own != NULL)
        active_set_alone(&manager->table, peer->own, NULL);
    piece_on_refusal(manager, peer);
    manager->generation++;
}

void piece_on_refusal(struct piece_manager *manager, struct piece_peer *peer)
{
    roster_note_refusal(peer, piece_now_ns(manager));
    while (peer->refusals > 0 && peer->own != NULL)
        active_set_alone(&manager->table, peer->own, NULL);
}

uint64_t piece_patience_ns(const struct piece_manager *manager,
                           const struct piece_peer *helper)
{
    const uint64_t rate = roster_expected_rate(helper, piece_now_ns(manager));
    const uint64_t bytes = manager->config.piece_bytes;
    if (bytes > rate * PATIENCE_MOST_S / PATIENCE_TIMES)
        return PATIENCE_MOST_S * NS_PER_S;
    const uint64_t patience_ns =
        PATIENCE_LEAST_NS + bytes * PATIENCE_TIMES * NS_PER_MS / rate * 1000;
    return patience_ns < PATIENCE_MOST_S * NS_PER_S ? patience_ns
                                                    : PATIENCE_MOST_S * NS_PER_S;
}

void piece_revive(struct piece_manager *manager, struct piece_peer *peer)
{
    if (!peer->is_stalled)
        return;
    peer->is_stalled = false;
    for (struct request *request = peer->requests.oldest; request != NULL;
         request = request->next)
        active_set_stalled(&manager->table, request, false);
}

bool piece_manager_is_interesting(struct piece_manager *manager, struct peer_id_ref ref,
                                  const struct bitfield *bits, bool is_seed)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || (!is_seed && bits == NULL))
        return false;
    return picker_is_interesting(&manager->picker, &peer->view, is_seed ? NULL : bits);
}
