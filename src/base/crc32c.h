/* CRC-32C (Castagnoli), as BEP 40 and 42 use it of a few bytes. Pure. */
#ifndef BTTUI_BASE_CRC32C_H
#define BTTUI_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const uint8_t *bytes, size_t length);

#endif
