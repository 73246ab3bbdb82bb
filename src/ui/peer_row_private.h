/* What the columns of peer_row.c show and peer_row_text.c words. */
#ifndef BTTUI_UI_PEER_ROW_PRIVATE_H
#define BTTUI_UI_PEER_ROW_PRIVATE_H

#include "ui/peer_row.h"

/* "active", without the reason that peer_row_status adds; translated. */
const char *peer_row_status_word(const struct peer_row_line *row);
/* "tracker": where we know its address from; translated. */
const char *peer_row_source_word(const struct peer_row_line *row);
/* "TCP", "uTP": what carries the connection; "" if there is none. */
const char *peer_row_transport_word(const struct peer_row_line *row);
/* "plain", "RC4": how it is encrypted; "" if there is no connection; translated. */
const char *peer_row_encryption_word(const struct peer_row_line *row);
/* "DUI": the signs of peer_row_legend that hold, a letter each; returns ret_signs. */
#define PEER_ROW_SIGNS_SIZE 16
const char *peer_row_signs(const struct peer_row_line *row,
                           char ret_signs[PEER_ROW_SIGNS_SIZE]);

#endif
