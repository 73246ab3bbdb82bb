/*
 * Time for tests with real descriptors, threads and processes, on a machine that may be
 * busy or stand still for seconds: it passes while a turn of the loop waits, and never by
 * more than the turn was to wait. What takes a second takes a second of waiting, however
 * long the rest takes.
 */
#ifndef BTTUI_TESTS_LIB_PATIENT_H
#define BTTUI_TESTS_LIB_PATIENT_H

#include "loop/loop.h"

struct patient {
    struct clock_virtual time;
    uint64_t limit_ns; /* time stands still there until this is put forward */
};

/* Begins with the system's time, and without a limit. PATIENT outlives the loop. */
struct loop_platform patient_platform(struct patient *patient);

#endif
