/*
 * The program's allocations, counted and made to fail: the linker puts the wrappers of
 * allocator.c in the place of malloc(3), calloc(3), realloc(3), strdup(3), strndup(3) and
 * mmap(2). What the tests' own parts allocate (never_fails.h) is left alone.
 */
#ifndef BTTUI_TESTS_UNIT_MEMORY_ALLOCATOR_H
#define BTTUI_TESTS_UNIT_MEMORY_ALLOCATOR_H

#include <stdbool.h>

/* From now on allocation number K (1: the next; 0: none) fails, and FOR_EVER those after
 * it. */
void allocator_arm(unsigned k, bool for_ever);
/* Nothing fails any more. Returns how many allocations there were since. */
unsigned allocator_disarm(void);
/* What was allocated since the last allocator_arm or allocator_forget and is not freed.
 */
unsigned allocator_left(void);
void allocator_forget(void);

#endif
