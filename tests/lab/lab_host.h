/*
 * A host of the laboratory: a network namespace of its own with one interface, "path0",
 * whose packets come out of a descriptor here. Needs root, or a kernel that lets users
 * make namespaces.
 */
#ifndef BTTUI_TESTS_LAB_HOST_H
#define BTTUI_TESTS_LAB_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a read gives: a header for the kernel (struct virtio_net_hdr), to be written back
 * as it came, and a packet. */
#define LAB_HEADER    10
#define LAB_READ_MOST (LAB_HEADER + 65536)

/* Makes the host with addresses 10.77.0.NUMBER and fd77::NUMBER (1..254). Gives the
 * descriptor of its interface, one whole IP packet a read and a write, non-blocking, or
 * -1 with a message on standard error. LARGE: TCP comes in packets of up to 64 KiB, which
 * costs far less than one at a time. *RET_PID is the process that holds the namespace, to
 * be entered with nsenter(1); it ends with its parent. */
int lab_host_new(uint8_t number, bool large, pid_t *ret_pid);

#endif
