#include "base/thread.h"

#include <signal.h>

/* Enough for getaddrinfo(3) with any module of the name service. */
#define STACK_BYTES ((size_t)1 << 20)

enum error_code thread_start(pthread_t *ret_thread,
                             void *(*main_of_thread)(void *context), void *context)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return ERROR_SYSTEM;
    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* the sandbox's: blocked, it would end the process */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (failed == 0)
        failed = pthread_create(ret_thread, &attributes, main_of_thread, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed == 0 ? ERROR_NONE : ERROR_SYSTEM;
}
