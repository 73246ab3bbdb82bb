/*
 * Makes the payload of the benchmarks as a torrent file and, for a client that shall seed
 * or check it, as data.
 *
 *   bench_payload FILE.torrent BYTES PIECE_BYTES [DATA_FILE]
 */
#include "payload.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct payload payload;
    if (argc != 4 && argc != 5) {
        fputs("usage: bench_payload FILE.torrent BYTES PIECE_BYTES [DATA_FILE]\n",
              stderr);
        return 2;
    }
    payload_init(&payload, strtoull(argv[2], NULL, 10),
                 (uint32_t)strtoul(argv[3], NULL, 10));
    payload_make_torrent(&payload, "payload", argv[1]);
    if (argc == 5)
        payload_write(&payload, argv[4]);
    free(payload.noise);
    return 0;
}
