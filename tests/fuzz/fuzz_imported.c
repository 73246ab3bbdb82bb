/* Any bytes as another client's resume data: the first says which client's, the next two
 * how many are in the first of its files, big-endian. What is read fits the torrent. */
#include "torrent/imported.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct metainfo_file files[] = {{"t/a", 0, 40000, false},
                                       {"t/none", 40000, 0, false},
                                       {"t/.pad", 40000, 100, true},
                                       {"t/c", 40100, 29900, false}};
static struct metainfo metainfo = {.name = (char[]){"t"},
                                   .piece_bytes = 32768,
                                   .piece_count = 3,
                                   .total_bytes = 70000,
                                   .files = files,
                                   .file_count = 4,
                                   .multi_file = true};

static imported_reader *const readers[] = {imported_read_transmission,
                                           imported_read_qbittorrent,
                                           imported_read_rtorrent, imported_read_deluge};

static void must(bool right)
{
    if (!right)
        abort();
}

static void examine(const struct imported *imported)
{
    must(imported->have.size == metainfo.piece_count);
    must(imported->uncertain.size == 0 ||
         !bitfield_has_beyond(&imported->uncertain, &imported->have));
    must(imported->unwanted.size == 0 || imported->unwanted.size == metainfo.file_count);
    must((imported->renamed_count > 0) == (imported->renamed != NULL));
    must(imported->added_s >= 0 && imported->completed_s >= 0);
    for (int i = 0; i < IMPORTED_DIRS && imported->dirs[i] != NULL; i++)
        must(imported->dirs[i][0] == '/');
    for (uint32_t i = 0; imported->times_s != NULL && i < metainfo.file_count; i++)
        must(imported->times_s[i] >= IMPORTED_TIME_UNSURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct imported_part parts[IMPORTED_PARTS] = {0};
    struct imported imported;
    if (length < 3)
        return 0;
    const size_t first = be16_get(bytes + 1), rest = length - 3;
    parts[0].bytes = bytes + 3;
    parts[0].length = first < rest ? first : rest;
    parts[1].bytes = parts[0].bytes + parts[0].length;
    parts[1].length = rest - parts[0].length;
    struct buffer torrent;
    buffer_init(&torrent, METAINFO_MAX_BYTES);
    if (imported_make_libtorrent(&parts[0], &torrent) == ERROR_NONE)
        must(torrent.length > 0 && torrent.bytes[torrent.length - 1] == 'e');
    buffer_done(&torrent);
    if (readers[bytes[0] % 4](parts, &metainfo, &imported) == ERROR_NONE) {
        examine(&imported);
        imported_done(&imported);
    }
    return 0;
}
