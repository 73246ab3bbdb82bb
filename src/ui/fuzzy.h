/* How well a command fits what somebody types to find it. Pure. */
#ifndef BTTUI_UI_FUZZY_H
#define BTTUI_UI_FUZZY_H

/* Each of WORDS, spaces between, must stand in SENTENCE, or its letters in NAME in their
 * order ("qu" and "qup" in "queue-up"); upper and lower case are the same. The more, the
 * better it fits; -1: not at all, 0: there are no words. */
int fuzzy_score(const char *words, const char *name, const char *sentence);

#endif
