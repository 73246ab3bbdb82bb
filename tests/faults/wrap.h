/* One wrapper: the call itself, or its failure. */
#ifndef BTTUI_TESTS_FAULTS_WRAP_H
#define BTTUI_TESTS_FAULTS_WRAP_H

#include "tests/faults/faults.h"

/* CALL is the initialiser of a struct fault_call; FAILURE is what a failure returns. */
#define FAULT_WRAP(type, failure, symbol, parameters, arguments, ...)                    \
    type __real_##symbol parameters;                                                     \
    type __wrap_##symbol parameters;                                                     \
    type __wrap_##symbol parameters                                                      \
    {                                                                                    \
        const struct fault_call call = {__VA_ARGS__};                                    \
        if (fault_hits(&call))                                                           \
            return failure;                                                              \
        return __real_##symbol arguments;                                                \
    }

#endif
