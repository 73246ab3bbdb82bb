/*
 * Marks for translation: _() translates now, N_() marks for later, ngettext
 * counts. Only what people read is marked, never logs at debug level or JSON.
 */
#ifndef BTTUI_BASE_I18N_H
#define BTTUI_BASE_I18N_H

#include "config.h"

#include <libintl.h>

#if ENABLE_NLS
#define _(text) gettext(text)
#else
#define _(text) (text)
#undef ngettext
#define ngettext(one, many, count) ((count) == 1 ? (one) : (many))
#endif
#ifndef N_
#define N_(text) text
#endif

#endif
