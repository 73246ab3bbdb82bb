#include "meta/path_twins.h"

#include "base/text.h"
#include "meta/path_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a path is known by: STRICT ignores case, LOOSE the accents too, however they are
 * written. */
struct path_key {
    uint64_t strict, loose;
    uint32_t file;
    bool has_marks; /* accents that stand by themselves */
};

#define LOOSE_CODE UINT32_C(0x110000) /* a letter that may have an accent */

/* Simple case folding of the scripts that have it: Latin, Greek, Cyrillic. The locale
 * must not matter, for the names have to be the same in the next session. */
static uint32_t fold(uint32_t code)
{
    if ((code >= 'A' && code <= 'Z') || (code >= 0xc0 && code <= 0xde && code != 0xd7) ||
        (code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f))
        return code + 32;
    if (code >= 0x400 && code <= 0x40f)
        return code + 80;
    const bool odd_is_upper =
        (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e);
    const bool in_pairs = (code >= 0x100 && code <= 0x17f) ||
                          (code >= 0x460 && code <= 0x52f) ||
                          (code >= 0x1e00 && code <= 0x1eff);
    if (odd_is_upper)
        return code + (code & 1);
    return in_pairs ? code | 1 : code;
}

/* Marks that a composed letter may be written with: accents, the voicing of kana, the
 * later parts of a Korean syllable. */
static bool is_mark(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36f) || code == 0x3099 || code == 0x309a ||
           (code >= 0x1160 && code <= 0x11ff);
}

static uint64_t mix(uint64_t hash, uint32_t code)
{
    return (hash ^ code) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static struct path_key key_of(const char *path, uint32_t file)
{
    struct path_key key = {.strict = 1, .loose = 1, .file = file};
    const size_t length = strlen(path);
    uint32_t waiting = 0; /* not in the loose key yet: a mark may follow */
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(path + at, length - at, &code);
        key.strict = mix(key.strict, fold(code));
        if (is_mark(code)) {
            key.has_marks = true;
            waiting = LOOSE_CODE;
            continue;
        }
        if (waiting != 0 && !(waiting == LOOSE_CODE && code >= 0x80))
            key.loose = mix(key.loose, waiting);
        waiting = code < 0x80 ? fold(code) : LOOSE_CODE;
    }
    key.loose = mix(key.loose, waiting);
    return key;
}

static bool same_strict(const struct path_key *a, const struct path_key *b)
{
    return a->strict == b->strict;
}

static bool same_loose(const struct path_key *a, const struct path_key *b)
{
    return a->loose == b->loose;
}

static int by_strict(const void *a, const void *b)
{
    const struct path_key *x = a, *y = b;
    if (x->strict != y->strict)
        return x->strict < y->strict ? -1 : 1;
    return x->file < y->file ? -1 : x->file > y->file;
}

static int by_loose(const void *a, const void *b)
{
    const struct path_key *x = a, *y = b;
    if (x->loose != y->loose)
        return x->loose < y->loose ? -1 : 1;
    return x->file < y->file ? -1 : x->file > y->file;
}

/* FIRST of each whose key is that of others before it: the lowest. MIXED: only where
 * some have marks and some have none. Returns how many were linked that were not. */
static uint32_t link_same(const struct path_key *keys, uint32_t count,
                          bool (*same)(const struct path_key *, const struct path_key *),
                          bool mixed, uint32_t *first)
{
    uint32_t found = 0;
    for (uint32_t begin = 0, end; begin < count; begin = end) {
        bool marks = false, plain = false;
        for (end = begin; end < count && same(&keys[end], &keys[begin]); end++) {
            marks |= keys[end].has_marks;
            plain |= !keys[end].has_marks;
        }
        for (uint32_t i = begin + 1; (!mixed || (marks && plain)) && i < end; i++) {
            found += first[keys[i].file] == keys[i].file;
            first[keys[i].file] = keys[begin].file;
        }
    }
    return found;
}

/* KEYS in the order of by_strict. */
static bool is_taken(const struct path_key *keys, uint32_t count, const char *path)
{
    const uint64_t strict = key_of(path, 0).strict;
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (keys[middle].strict < strict)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && keys[low].strict == strict;
}

/* PATH with NUMBER behind it, or, while that is somebody's, STEP more. NULL: out of
 * memory. */
static char *other_name(const struct path_key *keys, uint32_t count, const char *path,
                        uint32_t number, uint32_t step)
{
    char built[PATH_BYTES + 16];
    for (;; number += step) {
        snprintf(built, sizeof built, "%s.%u", path, number);
        if (!is_taken(keys, count, built))
            return strdup(built);
    }
}

/* The third of three is given a larger number than the second, and with steps of more
 * than there are twins no two numbers ever meet. */
static struct path_twins *collect(const struct metainfo *metainfo,
                                  const struct path_key *keys, uint32_t key_count,
                                  const uint32_t *first, uint32_t count)
{
    struct path_twins *twins = calloc(1, sizeof *twins + count * sizeof twins->twins[0]);
    uint32_t *given = calloc(metainfo->file_count, sizeof *given);
    bool failed = twins == NULL || given == NULL;
    for (uint32_t i = 0; !failed && i < metainfo->file_count; i++) {
        if (first[i] == i)
            continue;
        char *name = other_name(keys, key_count, metainfo->files[i].path,
                                ++given[first[i]], count + 1);
        failed = name == NULL;
        if (!failed)
            twins->twins[twins->count++] = (struct path_twin){i, first[i], name};
    }
    free(given);
    if (!failed)
        return twins;
    path_twins_free(twins);
    return NULL;
}

/* How many there are. KEYS comes back in the order of by_strict, pads left out. */
static uint32_t link_all(const struct metainfo *metainfo, struct path_key *keys,
                         uint32_t *ret_count, uint32_t *first)
{
    uint32_t count = 0, found;
    bool marks = false;
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        first[i] = i;
        if (metainfo->files[i].pad)
            continue;
        keys[count++] = key_of(metainfo->files[i].path, i);
        marks |= keys[count - 1].has_marks;
    }
    qsort(keys, count, sizeof *keys, by_strict);
    found = link_same(keys, count, same_strict, false, first);
    if (marks) {
        qsort(keys, count, sizeof *keys, by_loose);
        found += link_same(keys, count, same_loose, true, first);
        qsort(keys, count, sizeof *keys, by_strict);
    }
    *ret_count = count;
    return found;
}

enum error_code path_twins_find(const struct metainfo *metainfo,
                                struct path_twins **ret_twins)
{
    enum error_code error = ERROR_NONE;
    struct path_twins *twins = NULL;
    uint32_t count, found = 0;
    if (metainfo->file_count > 1) {
        struct path_key *keys = calloc(metainfo->file_count, sizeof *keys);
        uint32_t *first = calloc(metainfo->file_count, sizeof *first);
        if (keys != NULL && first != NULL)
            found = link_all(metainfo, keys, &count, first);
        else
            error = ERROR_MEMORY;
        if (found > 0)
            twins = collect(metainfo, keys, count, first, found);
        if (found > 0 && twins == NULL)
            error = ERROR_MEMORY;
        free(keys);
        free(first);
    }
    if (error == ERROR_NONE)
        *ret_twins = twins;
    return error;
}

void path_twins_free(struct path_twins *twins)
{
    for (uint32_t i = 0; twins != NULL && i < twins->count; i++)
        free(twins->twins[i].name);
    free(twins);
}

const struct path_twin *path_twins_of(const struct path_twins *twins, uint32_t file)
{
    uint32_t low = 0, high = twins != NULL ? twins->count : 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (twins->twins[middle].file < file)
            low = middle + 1;
        else
            high = middle;
    }
    return twins != NULL && low < twins->count && twins->twins[low].file == file
               ? &twins->twins[low]
               : NULL;
}
