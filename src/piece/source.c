#include "piece/source.h"

#include <stdlib.h>

struct piece_source *source_new(struct peer_id_ref peer, const struct netaddr *address)
{
    struct piece_source *source = calloc(1, sizeof *source);
    if (source != NULL)
        *source = (struct piece_source){.address = *address, .peer = peer, .refs = 1};
    return source;
}

void source_unref(struct piece_source *source)
{
    if (source != NULL && --source->refs == 0)
        free(source);
}
