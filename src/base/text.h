/*
 * Text for people. What came from outside is "untrusted" until it has passed a
 * sanitising printer here: the result is valid UTF-8 without control, bidi or
 * invisible format characters, at most four combining marks a cell, and a known
 * width in terminal cells. Widths come from our own table (Unicode East Asian
 * Width), not from the locale, so that every row is as wide as it was measured.
 * Any thread; nothing here allocates unless it says so.
 */
#ifndef BTTUI_BASE_TEXT_H
#define BTTUI_BASE_TEXT_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes from outside. Only text_clean and the JSON writer may read them. */
struct untrusted {
    const char *bytes;
    size_t length;
};

/*
 * Writes the sanitised form of RAW: each bad byte, control or format character
 * becomes '.' or is dropped (zero-width ones), and what does not fit RET_SIZE or
 * MAX_CELLS is cut at a character border. Of RAW no more is read than a few bytes for
 * each that may be written. Always NUL-terminated if RET_SIZE > 0. Returns the width in
 * cells.
 */
size_t text_clean(struct untrusted raw, size_t max_cells, char *ret_text,
                  size_t ret_size);
struct untrusted text_untrusted(const char *nul_terminated);

/* Decodes one code point of valid or invalid UTF-8. Returns the bytes used (>= 1 if
 * length > 0); *ret_code is U+FFFD for a bad byte (one byte used then). */
size_t text_decode(const char *bytes, size_t length, uint32_t *ret_code);
/* Writes 1-4 bytes. */
size_t text_encode(uint32_t code, char ret_bytes[4]);
bool text_is_valid_utf8(const char *bytes, size_t length);

/* 0, 1 or 2 cells; 0 for combining marks; control characters count as 1 (drawn as '.').
 */
unsigned text_code_cells(uint32_t code);
/* The one ASCII character that stands for a code point where no other can be shown: a
 * Latin letter without its accent, a plain quote, dash or space; '?' for all else. */
char text_ascii(uint32_t code);
size_t text_cells(const char *utf8);
/* Cuts to at most CELLS, ending in the ellipsis "…" (or "~" when ASCII) if cut. */
size_t text_fit(const char *utf8, size_t cells, bool ascii, char *ret_text,
                size_t ret_size);

/* Numbers, formatted short for columns: "1.5 GiB", "12.0 KiB/s", "3m12s", "87.5%". */
#define TEXT_NUMBER_SIZE 32
const char *text_bytes(uint64_t bytes, char ret_text[TEXT_NUMBER_SIZE]);
const char *text_rate(uint64_t bytes_per_s, char ret_text[TEXT_NUMBER_SIZE]);
const char *text_duration(uint64_t seconds,
                          char ret_text[TEXT_NUMBER_SIZE]); /* UINT64_MAX: "∞" */
/* "100" only when done == total. One decimal, rounded down. */
const char *text_percent(uint64_t done, uint64_t total, char ret_text[TEXT_NUMBER_SIZE]);

/* Rates: digits with optional K, M, G (powers of 1024). false: not a number or overflow.
 */
bool text_parse_rate(const char *text, uint64_t *ret_bytes_per_s);
/* The whole text must be a decimal number in [low, high]. */
bool text_parse_u64(const char *text, uint64_t low, uint64_t high, uint64_t *ret_value);
/* "2", "1.5" or "0.25" as hundredths, at most MOST. */
bool text_parse_hundredths(const char *text, uint32_t most, uint32_t *ret_value);

#endif
