#include "tests/lib/patient.h"

static int patient_poll(void *context, struct pollfd *fds, nfds_t count,
                        uint64_t timeout_ns)
{
    struct patient *patient = context;
    const uint64_t begin_ns = clock_now_ns(&clock_system);
    const int ready = loop_platform_system.poll(NULL, fds, count, timeout_ns);
    const uint64_t took_ns = clock_now_ns(&clock_system) - begin_ns;
    const uint64_t left_ns = patient->limit_ns - patient->time.now_ns;
    const uint64_t passed_ns = ready == 0 || took_ns > timeout_ns ? timeout_ns : took_ns;
    clock_virtual_advance(&patient->time, passed_ns < left_ns ? passed_ns : left_ns);
    return ready;
}

struct loop_platform patient_platform(struct patient *patient)
{
    clock_virtual_init(&patient->time, clock_now_ns(&clock_system));
    patient->time.wall_base_s =
        clock_wall_s(&clock_system) - (double)patient->time.now_ns / (double)NS_PER_S;
    patient->limit_ns = UINT64_MAX;
    return (struct loop_platform){&patient->time.clock, patient_poll, patient};
}
