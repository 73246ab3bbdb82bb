/* What rtorrent keeps: its own words of a torrent, and those of its library. */
#include "base/text.h"
#include "torrent/imported_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* All, none, or those whose bit is set. */
static enum error_code take_pieces(struct bencode_value resume,
                                   const struct metainfo *metainfo,
                                   struct imported *imported)
{
    const struct bencode_value value = bencode_get(resume, "bitfield");
    const char *bytes;
    size_t length;
    int64_t count;
    enum error_code error = bitfield_init(&imported->have, metainfo->piece_count);
    if (error != ERROR_NONE)
        return error;
    if (bencode_string(value, &bytes, &length))
        return bitfield_load(&imported->have, (const uint8_t *)bytes, length) ==
                       ERROR_NONE
                   ? ERROR_NONE
                   : ERROR_CORRUPT;
    /* Not there: it was to be checked. */
    imported->unverified = !bencode_integer(value, &count);
    if (!imported->unverified && count == (int64_t)metainfo->piece_count)
        bitfield_set_all(&imported->have);
    else if (!imported->unverified && count != 0)
        return ERROR_CORRUPT;
    return ERROR_NONE;
}

/* Pieces that were in memory when it ended, and may not be on the disk yet. */
static enum error_code take_uncertain(struct bencode_value resume,
                                      struct imported *imported)
{
    const char *bytes;
    size_t length;
    struct cursor cursor;
    if (!bencode_get_string(resume, "uncertain_pieces", &bytes, &length))
        return ERROR_NONE;
    if (bitfield_init(&imported->uncertain, imported->have.size) != ERROR_NONE)
        return ERROR_MEMORY;
    imported->uncertain_s = imported_count(resume, "uncertain_pieces.timestamp");
    cursor_init(&cursor, bytes, length);
    while (cursor_left(&cursor) >= 4) {
        const uint32_t piece = cursor_u32(&cursor);
        if (bitfield_get(&imported->have, piece))
            bitfield_set(&imported->uncertain, piece);
    }
    return ERROR_NONE;
}

/* Below 0 its library has words of its own: not there, or not known. */
static int64_t time_of(struct bencode_value file)
{
    int64_t time_s;
    return bencode_get_integer(file, "mtime", &time_s) && time_s >= 0
               ? time_s
               : IMPORTED_TIME_UNSURE;
}

static enum error_code take_files(struct bencode_value resume,
                                  const struct metainfo *metainfo,
                                  struct imported *imported)
{
    struct imported_items files =
        imported_file_items(bencode_get(resume, "files"), metainfo);
    enum error_code error = ERROR_NONE;
    if (!bencode_exists(files.list))
        return ERROR_CORRUPT;
    imported->exact_times = true;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        const struct bencode_value file = imported_next(&files);
        int64_t priority = 1;
        error = imported_set_time(imported, metainfo, i, time_of(file));
        if (error == ERROR_NONE && bencode_get_integer(file, "priority", &priority))
            error = priority == 0
                        ? imported_leave_out(imported, metainfo, i)
                        : imported_set_priority(imported, metainfo, i, priority > 1);
    }
    return error;
}

/* The directory is that of the files: a torrent of several has its own in it. */
static enum error_code take_dir(struct bencode_value own, const struct metainfo *metainfo,
                                struct imported *imported)
{
    const char *text, *name;
    size_t length, begin;
    if (!bencode_get_string(own, "directory", &text, &length))
        return ERROR_NONE;
    while (length > 1 && text[length - 1] == '/')
        length--;
    if (!metainfo->multi_file)
        return imported_add_dir(imported, text, length);
    for (begin = length; begin > 0 && text[begin - 1] != '/';)
        begin--;
    name = text + begin;
    if (length - begin != strlen(metainfo->name) ||
        memcmp(name, metainfo->name, length - begin) != 0) {
        imported->renamed_count = metainfo->file_count;
        imported->renamed = strndup(name, length - begin);
        if (imported->renamed == NULL)
            return ERROR_MEMORY;
    }
    return imported_add_dir(imported, text, begin);
}

/* "123\n", as web interfaces write it. */
static int64_t time_added(struct bencode_value own)
{
    const char *text;
    size_t length;
    char digits[20];
    uint64_t seconds;
    if (bencode_get_string(bencode_get(own, "custom"), "addtime", &text, &length)) {
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
            length--;
        if (length < sizeof digits) {
            memcpy(digits, text, length);
            digits[length] = '\0';
            if (text_parse_u64(digits, 1, INT64_MAX, &seconds))
                return (int64_t)seconds;
        }
    }
    return imported_count(own, "timestamp.started");
}

/* As web interfaces write it, every special byte as "%20". */
static void take_label(struct bencode_value own, struct imported *imported)
{
    const char *text;
    size_t length, used = 0;
    char plain[1024];
    if (!bencode_get_string(own, "custom1", &text, &length) || length >= sizeof plain)
        return;
    for (size_t at = 0; at < length; at++) {
        const char digits[] = {text[at], at + 2 < length ? text[at + 1] : 'x',
                               at + 2 < length ? text[at + 2] : 'x', '\0'};
        unsigned byte;
        if (digits[0] == '%' && isxdigit((unsigned char)digits[1]) &&
            isxdigit((unsigned char)digits[2]) && sscanf(digits + 1, "%2x", &byte) == 1) {
            plain[used++] = (char)byte;
            at += 2;
        } else {
            plain[used++] = text[at];
        }
    }
    imported_set_label(imported, plain, used);
}

static enum error_code take_own(struct bencode_value own, const struct metainfo *metainfo,
                                struct imported *imported)
{
    imported->settings.paused = !imported_flag(own, "state");
    take_label(own, imported);
    imported->downloaded = (uint64_t)imported_count(own, "total_downloaded");
    imported->uploaded = (uint64_t)imported_count(own, "total_uploaded");
    imported->added_s = time_added(own);
    imported->completed_s = imported_count(own, "timestamp.finished");
    return take_dir(own, metainfo, imported);
}

static enum error_code take_resume(struct bencode_value resume,
                                   const struct metainfo *metainfo,
                                   struct imported *imported)
{
    enum error_code error = take_pieces(resume, metainfo, imported);
    if (error == ERROR_NONE)
        error = take_uncertain(resume, imported);
    return error == ERROR_NONE ? take_files(resume, metainfo, imported) : error;
}

enum error_code imported_read_rtorrent(const struct imported_part *parts,
                                       const struct metainfo *metainfo,
                                       struct imported *ret_imported)
{
    struct bencode own, resume;
    struct imported imported = {0};
    enum error_code error = imported_open(&parts[0], &own);
    if (error != ERROR_NONE)
        return error;
    error = imported_open(&parts[1], &resume);
    if (error == ERROR_NONE) {
        error = take_resume(bencode_root(&resume), metainfo, &imported);
        bencode_done(&resume);
    }
    if (error == ERROR_NONE)
        error = take_own(bencode_root(&own), metainfo, &imported);
    bencode_done(&own);
    if (error == ERROR_NONE)
        *ret_imported = imported;
    else
        imported_done(&imported);
    return error;
}
