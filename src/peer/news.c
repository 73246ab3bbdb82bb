/*
 * Which pieces we have of late, told to those who lack them. The first is told at once;
 * then comes a rest that grows with the number of peers, and what has gathered goes to
 * each in one write: a thousand peers cost little, and eight wait for next to nothing.
 */

#include "peer/upload_private.h"

#include <stdlib.h>

#define NEWS_MOST    256u
#define NEWS_REST_NS (NS_PER_MS / 2) /* for each peer */
#define NEWS_LATE_NS NS_PER_S        /* never longer */

static void tell(struct peer *peer, const uint32_t *pieces, uint32_t count)
{
    const struct bitfield *have = peer->manager->config.metainfo.have;
    enum error_code error = ERROR_NONE;
    const size_t before = peer->out.length;
    for (uint32_t i = peer->news_seen; i < count && error == ERROR_NONE; i++) {
        if (!bitfield_get(have, pieces[i]) || peer_has_piece(peer, pieces[i]))
            continue;
        error = wire_put_index(&peer->out, WIRE_HAVE, pieces[i]);
        if (error == ERROR_NONE)
            error = peer_allow_fast_too(peer, pieces[i]);
    }
    peer->news_seen = 0;
    if (error != ERROR_NONE || peer->out.length > before)
        peer_flush_or_close(peer, error);
}

static void tell_all(struct peer_manager *manager, const uint32_t *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->handshaken)
            tell(peer, pieces, count);
    }
    manager->news_told_ns = loop_now_ns(manager->loop);
}

static void tell_news(struct peer_manager *manager)
{
    const uint32_t count = manager->news_count;
    manager->news_count = 0;
    loop_timer_cancel(manager->loop, &manager->news_timer);
    if (count > 0)
        tell_all(manager, manager->news, count);
}

static void on_timer(void *context)
{
    tell_news(context);
    peer_manager_run_soon(context);
}

void news_init(struct peer_manager *manager)
{
    loop_timer_init(&manager->news_timer, on_timer, manager);
}

void news_done(struct peer_manager *manager)
{
    loop_timer_cancel(manager->loop, &manager->news_timer);
    free(manager->news);
}

static uint64_t due_ns(const struct peer_manager *manager)
{
    const uint64_t rest_ns = manager->connected * NEWS_REST_NS;
    if (manager->news_told_ns == 0)
        return 0;
    return manager->news_told_ns + (rest_ns < NEWS_LATE_NS ? rest_ns : NEWS_LATE_NS);
}

void news_add(struct peer_manager *manager, uint32_t piece)
{
    const uint64_t at_ns = due_ns(manager);
    if (manager->news == NULL)
        manager->news = calloc(NEWS_MOST, sizeof *manager->news);
    if (manager->news == NULL) {
        tell_all(manager, &piece, 1);
        return;
    }
    manager->news[manager->news_count++] = piece;
    if (at_ns <= loop_now_ns(manager->loop) || manager->news_count == NEWS_MOST ||
        (!loop_timer_is_set(&manager->news_timer) &&
         loop_timer_set(manager->loop, &manager->news_timer, at_ns) != ERROR_NONE))
        tell_news(manager);
}
