#include "net/bind.h"

#include "net/net_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_NS      (NS_PER_S / 10)
#define PACKET_BYTES  8192
#define PACKET_BUDGET 64

struct net_bind_watch {
    struct net_bind *bind;
    struct loop *loop;
    struct loop_slot *slot;
    struct loop_timer pause;
    void (*on_change)(void *context);
    void *context;
    int fd;
};

/* What has changed is not read from the news, which may be lost, but looked at. */
static void read_all(const struct net_bind_watch *watch)
{
    uint8_t bytes[PACKET_BYTES];
    for (int i = 0; i < PACKET_BUDGET; i++) {
        const ssize_t got = recv(watch->fd, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EINTR && errno != ENOBUFS))
            return;
    }
}

static void on_readable(void *context, short revents)
{
    struct net_bind_watch *watch = context;
    (void)revents;
    read_all(watch);
    loop_slot_set_events(watch->slot, 0);
    loop_timer_set_in(watch->loop, &watch->pause, PAUSE_NS);
    if (net_bind_look(watch->bind))
        watch->on_change(watch->context);
}

static void on_paused(void *context)
{
    struct net_bind_watch *watch = context;
    loop_slot_set_events(watch->slot, POLLIN);
}

struct net_bind_watch *net_bind_watch_new(struct net_bind *bind, struct loop *loop,
                                          void (*on_change)(void *context), void *context)
{
    const int fd = net_watch_socket(0);
    struct net_bind_watch *watch = fd >= 0 ? calloc(1, sizeof *watch) : NULL;
    if (watch != NULL) {
        *watch = (struct net_bind_watch){.bind = bind,
                                         .loop = loop,
                                         .on_change = on_change,
                                         .context = context,
                                         .fd = fd};
        loop_timer_init(&watch->pause, on_paused, watch);
        watch->slot = loop_add(loop, fd, POLLIN, LOOP_CONTROL, on_readable, watch);
    }
    if (watch == NULL || watch->slot == NULL) {
        free(watch);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    return watch;
}

void net_bind_watch_free(struct net_bind_watch *watch)
{
    if (watch == NULL)
        return;
    loop_timer_cancel(watch->loop, &watch->pause);
    loop_slot_remove(watch->slot);
    close(watch->fd);
    free(watch);
}
