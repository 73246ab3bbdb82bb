/*
 * What is to be done with the torrents of a label, as a line of text: the label, then
 * KEY=VALUE words; dir= comes last, and takes the rest of the line.
 * "films ratio=2 time=600 action=remove dir=/srv/new films". Pure.
 */
#ifndef BTTUI_TORRENT_LABEL_RULE_H
#define BTTUI_TORRENT_LABEL_RULE_H

#include "torrent/settings.h"

struct label_rule {
    char label[LABEL_BYTES];
    struct seed_goal goal; /* before the session's */
    char *dir;             /* where its data go once they are complete; NULL: they stay */
};

/* The directory is part of TEXT. False: *ret_fault points to the word of TEXT that makes
 * no sense, or its end where something is missing. */
bool label_rule_read(const char *text, struct label_rule *ret_rule,
                     const char **ret_fault);
/* The last rule of LABEL; NULL: there is none. */
const struct label_rule *label_rule_find(const struct label_rule *rules, uint32_t count,
                                         const char *label);

#endif
