/*
 * A suffix that files carry until they are complete, such as ".part": what may be one,
 * and for which torrents. Pure; any thread.
 */
#ifndef BTTUI_META_PATH_SUFFIX_H
#define BTTUI_META_PATH_SUFFIX_H

#include "meta/metainfo.h"

#define PATH_SUFFIX_BYTES 15 /* with the longest name a disk still takes it */

/* Whether any name may be followed by SUFFIX on any disk. */
bool path_suffix_is_usable(const char *suffix);
/* *RET_FITS: no file of METAINFO is called as another is with SUFFIX, nor nearly as
 * another at all (path_twins.h). O(n). */
enum error_code path_suffix_fits(const struct metainfo *metainfo, const char *suffix,
                                 bool *ret_fits) MUST_CHECK;

#endif
