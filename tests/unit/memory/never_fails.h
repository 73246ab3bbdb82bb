/* Put before the sources of the virtual network by local.mk: its memory never runs out.
 */
#ifndef BTTUI_TESTS_UNIT_MEMORY_NEVER_FAILS_H
#define BTTUI_TESTS_UNIT_MEMORY_NEVER_FAILS_H

#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);

#define malloc __real_malloc
#define calloc __real_calloc
#define free   __real_free

#endif
