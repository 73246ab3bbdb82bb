#include "net/resolver.h"

#include "base/thread.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX     10
#define WAIT_FOR_ONE_NS (100 * NS_PER_MS)
#define MESSAGE_SIZE    256

/* Threads are the process's, so is their number. */
static atomic_int threads_running;

/* Shared by the loop and the thread; whoever is second to let go frees it. */
struct resolver_query {
    atomic_int references;
    struct loop *loop;
    struct loop_timer timer; /* gives a result that is there, or waits for a thread */
    resolver_on_result *on_result;
    void *context;
    char *host;
    struct netaddr addresses[RESOLVER_ADDRESSES_MAX];
    uint32_t count;
    int error;
    char message[MESSAGE_SIZE];       /* instead of the error's; "": none */
    void (*on_cancel)(void *context); /* of a promise not kept yet; else NULL */
    void *cancel_context;
    /* The thread may outlive the loop's interest: the wake-up goes under a lock. */
    pthread_mutex_t mutex;
    struct loop_wake *wake; /* NULL: cancelled */
};

static void let_go(struct resolver_query *query)
{
    if (atomic_fetch_sub(&query->references, 1) != 1)
        return;
    pthread_mutex_destroy(&query->mutex);
    free(query->host);
    free(query);
}

void resolver_cancel(struct resolver_query *query)
{
    if (query == NULL)
        return;
    loop_timer_cancel(query->loop, &query->timer);
    if (query->on_cancel != NULL)
        query->on_cancel(query->cancel_context);
    query->on_cancel = NULL;
    pthread_mutex_lock(&query->mutex);
    loop_wake_free(query->wake);
    query->wake = NULL;
    pthread_mutex_unlock(&query->mutex);
    let_go(query);
}

static void give_result(void *context)
{
    struct resolver_query *query = context;
    resolver_on_result *on_result = query->on_result;
    void *on_context = query->context;
    struct netaddr addresses[RESOLVER_ADDRESSES_MAX];
    const uint32_t count = query->count;
    const int error = query->error != 0 ? query->error : EAI_NONAME;
    char words[MESSAGE_SIZE];
    snprintf(words, sizeof words, "%s",
             query->message[0] != '\0' ? query->message : gai_strerror(error));
    memcpy(addresses, query->addresses, sizeof addresses);
    resolver_cancel(query);
    on_result(on_context, addresses, count, count > 0 ? NULL : words);
}

static void *look_up(void *context)
{
    struct resolver_query *query = context;
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    query->error = getaddrinfo(query->host, NULL, &hints, &found);
    for (const struct addrinfo *at = query->error == 0 ? found : NULL;
         at != NULL && query->count < RESOLVER_ADDRESSES_MAX; at = at->ai_next)
        if (netaddr_from_sockaddr(at->ai_addr, &query->addresses[query->count]) ==
            ERROR_NONE)
            query->count++;
    if (query->error == 0)
        freeaddrinfo(found);
    pthread_mutex_lock(&query->mutex);
    if (query->wake != NULL)
        loop_wake_signal(query->wake);
    pthread_mutex_unlock(&query->mutex);
    let_go(query);
    atomic_fetch_sub(&threads_running, 1);
    return NULL;
}

static bool start_thread(struct resolver_query *query)
{
    pthread_t thread;
    if (atomic_fetch_add(&threads_running, 1) >= THREADS_MAX) {
        atomic_fetch_sub(&threads_running, 1);
        return loop_timer_set_in(query->loop, &query->timer, WAIT_FOR_ONE_NS) ==
               ERROR_NONE;
    }
    query->wake = loop_wake_new(query->loop, give_result, query);
    if (query->wake != NULL) {
        atomic_store(&query->references, 2);
        if (thread_start(&thread, look_up, query) == ERROR_NONE) {
            pthread_detach(thread);
            return true;
        }
        atomic_store(&query->references, 1);
    }
    atomic_fetch_sub(&threads_running, 1);
    return false;
}

static void on_timer(void *context)
{
    struct resolver_query *query = context;
    if (query->host != NULL) {
        if (start_thread(query))
            return;
        query->error = EAI_AGAIN;
    }
    give_result(query);
}

static struct resolver_query *query_new(struct loop *loop, resolver_on_result *on_result,
                                        void *context)
{
    struct resolver_query *query = calloc(1, sizeof *query);
    if (query == NULL)
        return NULL;
    atomic_init(&query->references, 1);
    pthread_mutex_init(&query->mutex, NULL);
    query->loop = loop;
    query->on_result = on_result;
    query->context = context;
    loop_timer_init(&query->timer, on_timer, query);
    return query;
}

struct resolver_query *resolver_answer(struct loop *loop, const struct netaddr *addresses,
                                       uint32_t count, resolver_on_result *on_result,
                                       void *context)
{
    struct resolver_query *query = query_new(loop, on_result, context);
    if (query == NULL)
        return NULL;
    query->count = count < RESOLVER_ADDRESSES_MAX ? count : RESOLVER_ADDRESSES_MAX;
    query->error = EAI_NONAME;
    if (count > 0)
        memcpy(query->addresses, addresses, query->count * sizeof *addresses);
    if (loop_timer_set_in(loop, &query->timer, 0) == ERROR_NONE)
        return query;
    resolver_cancel(query);
    return NULL;
}

struct resolver_query *resolver_promise(struct loop *loop, resolver_on_result *on_result,
                                        void *context,
                                        void (*on_cancel)(void *cancel_context),
                                        void *cancel_context)
{
    struct resolver_query *query = query_new(loop, on_result, context);
    if (query == NULL)
        return NULL;
    query->on_cancel = on_cancel;
    query->cancel_context = cancel_context;
    return query;
}

void resolver_give(struct resolver_query *query, const struct netaddr *addresses,
                   uint32_t count, const char *message)
{
    query->on_cancel = NULL;
    query->count = count < RESOLVER_ADDRESSES_MAX ? count : RESOLVER_ADDRESSES_MAX;
    if (count > 0)
        memcpy(query->addresses, addresses, query->count * sizeof *addresses);
    snprintf(query->message, sizeof query->message, "%s", message != NULL ? message : "");
    loop_timer_set_in(query->loop, &query->timer, 0);
}

struct resolver_query *resolver_lookup(struct loop *loop, const char *host,
                                       resolver_on_result *on_result, void *context)
{
    struct netaddr address;
    if (netaddr_parse(host, 0, &address) == ERROR_NONE)
        return resolver_answer(loop, &address, 1, on_result, context);
    struct resolver_query *query = query_new(loop, on_result, context);
    if (query == NULL)
        return NULL;
    query->host = strdup(host);
    if (query->host == NULL || !start_thread(query)) {
        resolver_cancel(query);
        return NULL;
    }
    return query;
}
