#include "base/i18n.h"
#include "base/text.h"
#include "ui/cell_writer.h"

#include <stdio.h>
#include <stdlib.h>

void cell_writer_explain(enum cell_writer_error error, char *ret_message, size_t size)
{
    char term[41] = "";
    if (getenv("TERM") != NULL)
        text_clean(text_untrusted(getenv("TERM")), sizeof term - 1, term, sizeof term);
    switch (error) {
    case CELL_WRITER_MEMORY:
    case CELL_WRITER_OK:
        snprintf(ret_message, size, _("out of memory"));
        break;
    case CELL_WRITER_UNKNOWN:
        if (term[0] == '\0')
            snprintf(ret_message, size,
                     _("TERM is not set, so the terminal's kind is not known; use "
                       "--headless to run without the interface"));
        else
            snprintf(ret_message, size,
                     _("terminals of type “%.40s” are not known here; use --headless to "
                       "run without the interface"),
                     term);
        break;
    case CELL_WRITER_DUMB:
        snprintf(ret_message, size,
                 _("terminals of type “%.40s” cannot show the interface; use --headless "
                   "to run without it"),
                 term);
        break;
    }
}
