/*
 * Names to addresses without blocking the loop: each look-up has a thread of its own for
 * as long as the system's resolver takes, and no more than ten of a process run at once
 * (HOSTILE.md O11). Literal addresses need none. Loop thread.
 */
#ifndef BTTUI_NET_RESOLVER_H
#define BTTUI_NET_RESOLVER_H

#include "base/netaddr.h"
#include "loop/loop.h"

#define RESOLVER_ADDRESSES_MAX 8u

struct resolver_query;
/* COUNT 0: MESSAGE says why, translated. */
typedef void resolver_on_result(void *context, const struct netaddr *addresses,
                                uint32_t count, const char *message);

/* ON_RESULT comes once, never from inside this call. NULL: out of memory or threads. */
struct resolver_query *resolver_lookup(struct loop *loop, const char *host,
                                       resolver_on_result *on_result, void *context);
/* A look-up whose result is known already: COUNT <= RESOLVER_ADDRESSES_MAX. */
struct resolver_query *resolver_answer(struct loop *loop, const struct netaddr *addresses,
                                       uint32_t count, resolver_on_result *on_result,
                                       void *context);
/* A look-up somebody else makes, who answers it by resolver_give: it comes once, from the
 * next turn. Until then a cancel calls ON_CANCEL: nobody waits any more. */
struct resolver_query *resolver_promise(struct loop *loop, resolver_on_result *on_result,
                                        void *context,
                                        void (*on_cancel)(void *cancel_context),
                                        void *cancel_context);
/* COUNT <= RESOLVER_ADDRESSES_MAX; 0: MESSAGE says why, and is copied. */
void resolver_give(struct resolver_query *query, const struct netaddr *addresses,
                   uint32_t count, const char *message);
/* No result comes after this. NULL is ignored. */
void resolver_cancel(struct resolver_query *query);

#endif
