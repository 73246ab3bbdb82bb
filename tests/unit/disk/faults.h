/*
 * The disk's system calls with faults on request: the linker puts these in the place of
 * pwritev(2), pread(2), preadv(2), preadv2(2), fdatasync(2), fsync(2), renameat(2),
 * syncfs(2), linkat(2) and sync_file_range(2).
 */
#ifndef BTTUI_TESTS_UNIT_DISK_FAULTS_H
#define BTTUI_TESTS_UNIT_DISK_FAULTS_H

#include <stdatomic.h>
#include <stdbool.h>

enum fault_call {
    FAULT_WRITE,
    FAULT_READ,   /* preadv(2), too */
    FAULT_CACHED, /* preadv2(2) */
    FAULT_DATASYNC,
    FAULT_SYNC,
    FAULT_RENAME,
    FAULT_SYNCFS,
    FAULT_RANGE,
    FAULT_LINK,
    FAULT_FLIP /* a read whose first bit comes back wrong; its errno is not looked at */
};

/* Call number FROM (1: the next) and COUNT - 1 more of this kind fail with ERRNO_VALUE.
 */
void fault_set(enum fault_call call, int from, int count, int errno_value);
/* preadv2(2) moves at most BYTES, as if no more were in memory; 0: as the system does. */
void fault_cached(unsigned bytes);
/* Reads and writes move at most BYTES at a time, and every second one is interrupted; 0:
 * as the system does. */
void fault_dribble(unsigned bytes);
/* Names and times as on a FAT disk: case does not matter (here all is made lower case),
 * times are told to two seconds. */
void fault_fat(bool fat);
void fault_clear(void);
/* How many calls of this kind came since fault_clear. */
unsigned fault_calls(enum fault_call call);
/* The inode of the directory synced last by fsync(2). */
unsigned long fault_last_synced(void);

#endif
