/*
 * Starting the threads that do the blocking things: they take no signals, which are the
 * loop's, and a stack of a known size whatever the limits say.
 */
#ifndef BTTUI_BASE_THREAD_H
#define BTTUI_BASE_THREAD_H

#include "base/error.h"

#include <pthread.h>

/* ERROR_SYSTEM: the system has no thread for us. Any thread. */
enum error_code thread_start(pthread_t *ret_thread,
                             void *(*main_of_thread)(void *context),
                             void *context) MUST_CHECK;

#endif
