/*
 * Where a web seed has a file of a torrent (BEP 19). Pure.
 */
#ifndef BTTUI_PEER_WEBSEED_URL_H
#define BTTUI_PEER_WEBSEED_URL_H

#include "meta/metainfo.h"

/* The URL of FILE, percent-encoded, malloc'd: BASE itself for a torrent that is a single
 * file, unless it ends in '/', which stands for a directory; else BASE as a directory,
 * the torrent's name and the path in it. NULL: out of memory. */
char *webseed_url(const char *base, const struct metainfo *meta, uint32_t file);
/* "http://host:80/path" -> "host:80"; the length of it, and where it begins. */
const char *webseed_url_host(const char *url, size_t *ret_length);

#endif
