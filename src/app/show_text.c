/* The page that `bttui show` prints for people. */
#include "app/show.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

#define TEXT_SIZE    8192 /* a path of 4,000 bytes, cleaned, fits */
#define LABEL_GAP    2
#define NUMBER_CELLS 9 /* "1023 KiB" and one before it */

struct page {
    FILE *out;
    size_t width; /* 0: lines are as long as they are */
    size_t label_cells;
};

static void put_spaces(struct page *page, size_t count)
{
    while (count-- > 0)
        putc(' ', page->out);
}

/* The bytes of TEXT that fit CELLS, at least one character. */
static size_t part_that_fits(const char *text, size_t cells)
{
    const size_t length = strlen(text);
    size_t at = 0, used = 0;
    while (at < length) {
        uint32_t code;
        const size_t taken = text_decode(text + at, length - at, &code);
        used += text_code_cells(code);
        if (used > cells && at > 0)
            break;
        at += taken;
    }
    return at;
}

/* TEXT, which begins at column INDENT and goes on there on the next lines. */
static void put_text(struct page *page, size_t indent, const char *text)
{
    while (page->width > indent && text_cells(text) > page->width - indent) {
        const size_t part = part_that_fits(text, page->width - indent);
        fprintf(page->out, "%.*s\n", (int)part, text);
        put_spaces(page, indent);
        text += part;
    }
    fprintf(page->out, "%s\n", text);
}

static void put_label(struct page *page, const char *label)
{
    fputs(label, page->out);
    put_spaces(page, page->label_cells - text_cells(label) + LABEL_GAP);
}

static void put_line(struct page *page, const char *label, const char *text)
{
    put_label(page, label);
    put_text(page, page->label_cells + LABEL_GAP, text);
}

static void put_untrusted(struct page *page, const char *label, const char *raw)
{
    char text[TEXT_SIZE];
    if (raw[0] == '\0')
        return;
    text_clean(text_untrusted(raw), TEXT_SIZE, text, sizeof text);
    put_line(page, label, text);
}

enum label {
    LABEL_NAME,
    LABEL_HASH,
    LABEL_HASH_V2,
    LABEL_SIZE,
    LABEL_PIECES,
    LABEL_PRIVATE,
    LABEL_CREATED,
    LABEL_CREATOR,
    LABEL_COMMENT,
    LABEL_TRACKERS,
    LABEL_WEBSEEDS,
    LABEL_PEERS,
    LABEL_WARNING,
    LABEL_FILES,
    LABEL_COUNT
};

static const char *label_text(enum label label)
{
    static const char *const labels[LABEL_COUNT] = {
        N_("Name"),      N_("Info-hash"), N_("v2 hash"), N_("Size"),    N_("Pieces"),
        N_("Private"),   N_("Created"),   N_("With"),    N_("Comment"), N_("Trackers"),
        N_("Web seeds"), N_("Peers"),     N_("Warning"), N_("Files"),
    };
    return _(labels[label]);
}

static void put_hash_v2(struct page *page, const uint8_t hash[SHA256_BYTES])
{
    char hex[2 * SHA256_BYTES + 1];
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    put_line(page, label_text(LABEL_HASH_V2), hex);
}

static void put_hashes(struct page *page, const struct metainfo *metainfo)
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&metainfo->hash, hex);
    if (!metainfo->v2_only)
        put_line(page, label_text(LABEL_HASH), hex);
    if (metainfo_has_v2(metainfo))
        put_hash_v2(page, metainfo->hash_v2);
}

static void put_sizes(struct page *page, const struct metainfo *metainfo)
{
    char number[TEXT_NUMBER_SIZE], text[256];
    /* L10N: a size in units, then in bytes. */
    snprintf(text, sizeof text, _("%s (%llu bytes)"),
             text_bytes(metainfo_shown_bytes(metainfo), number),
             (unsigned long long)metainfo_shown_bytes(metainfo));
    put_line(page, label_text(LABEL_SIZE), text);
    snprintf(text, sizeof text,
             /* L10N: how many pieces, and the size of each. */
             ngettext("%u of %s", "%u of %s", metainfo->piece_count),
             metainfo->piece_count, text_bytes(metainfo->piece_bytes, number));
    put_line(page, label_text(LABEL_PIECES), text);
}

static void put_created(struct page *page, const struct metainfo *metainfo)
{
    char text[64];
    struct tm calendar;
    const time_t created = (time_t)metainfo->created_s;
    if (metainfo->created_s == 0)
        return;
    if (gmtime_r(&created, &calendar) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &calendar) == 0)
        snprintf(text, sizeof text, "%lld", (long long)metainfo->created_s);
    put_line(page, label_text(LABEL_CREATED), text);
}

static void put_urls(struct page *page, const struct metainfo *metainfo)
{
    for (uint32_t i = 0; i < metainfo->tracker_count; i++) {
        char text[TEXT_SIZE];
        /* L10N: a tracker's tier (they are asked in order), and its address. */
        snprintf(text, sizeof text, _("%u: %s"), metainfo->trackers[i].tier + 1,
                 metainfo->trackers[i].url);
        put_line(page, i == 0 ? label_text(LABEL_TRACKERS) : "", text);
    }
    for (uint32_t i = 0; i < metainfo->webseed_count; i++)
        put_line(page, i == 0 ? label_text(LABEL_WEBSEEDS) : "", metainfo->webseeds[i]);
}

static void put_warnings(struct page *page, const struct metainfo *metainfo)
{
    for (unsigned bit = 0; bit < METAINFO_WARNING_BITS; bit++)
        if ((metainfo->warnings >> bit & 1) != 0)
            put_line(page, label_text(LABEL_WARNING), metainfo_warning_text(1u << bit));
}

static void put_file_count(struct page *page, const struct metainfo *metainfo)
{
    char text[TEXT_NUMBER_SIZE];
    uint32_t pads = 0;
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        pads += metainfo->files[i].pad;
    snprintf(text, sizeof text, "%u", metainfo->file_count - pads);
    put_line(page, label_text(LABEL_FILES), text);
}

static void put_files(struct page *page, const struct metainfo *metainfo)
{
    char text[TEXT_SIZE], number[TEXT_NUMBER_SIZE];
    const int digits = snprintf(number, sizeof number, "%u", metainfo->file_count);
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        if (metainfo->files[i].pad)
            continue;
        text_clean(text_untrusted(metainfo_file_path(metainfo, i)), TEXT_SIZE, text,
                   sizeof text);
        fprintf(page->out, "%*u%*s  ", digits + 2, i + 1, NUMBER_CELLS,
                text_bytes(metainfo->files[i].length, number));
        put_text(page, (size_t)digits + 2 + NUMBER_CELLS + 2, text);
    }
}

void show_print(FILE *out, const struct metainfo *metainfo, size_t width)
{
    struct page page = {out, width, 0};
    show_print_summary(out, metainfo, width);
    put_files(&page, metainfo);
}

static struct page page_on(FILE *out, size_t width)
{
    struct page page = {out, width, 0};
    for (enum label label = 0; label < LABEL_COUNT; label++) {
        const size_t cells = text_cells(label_text(label));
        page.label_cells = cells > page.label_cells ? cells : page.label_cells;
    }
    return page;
}

static void put_list(struct page *page, enum label label, const struct magnet_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        put_line(page, i == 0 ? label_text(label) : "", list->texts[i]);
}

void show_print_magnet(FILE *out, const struct magnet *magnet, size_t width)
{
    char hex[INFO_HASH_HEX_SIZE];
    struct page page = page_on(out, width);
    if (magnet->name != NULL)
        put_untrusted(&page, label_text(LABEL_NAME), magnet->name);
    info_hash_hex(&magnet->hash, hex);
    if (magnet->has_v1)
        put_line(&page, label_text(LABEL_HASH), hex);
    if (magnet->has_v2)
        put_hash_v2(&page, magnet->hash_v2);
    put_list(&page, LABEL_TRACKERS, &magnet->trackers);
    put_list(&page, LABEL_WEBSEEDS, &magnet->webseeds);
    put_list(&page, LABEL_PEERS, &magnet->peers);
    if (magnet->select != NULL)
        put_line(&page, label_text(LABEL_FILES), magnet->select);
}

void show_print_summary(FILE *out, const struct metainfo *metainfo, size_t width)
{
    struct page page = page_on(out, width);
    put_untrusted(&page, label_text(LABEL_NAME), metainfo->name);
    put_hashes(&page, metainfo);
    put_sizes(&page, metainfo);
    if (metainfo->is_private)
        put_line(&page, label_text(LABEL_PRIVATE),
                 _("yes: peers come from its trackers alone"));
    put_created(&page, metainfo);
    put_untrusted(&page, label_text(LABEL_CREATOR), metainfo->creator);
    put_untrusted(&page, label_text(LABEL_COMMENT), metainfo->comment);
    put_urls(&page, metainfo);
    put_warnings(&page, metainfo);
    put_file_count(&page, metainfo);
}
