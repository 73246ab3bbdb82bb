/*
 * Limits and goals as people type them: "2M 500K"; "1.5 90 remove".
 */
#ifndef BTTUI_UI_LIMIT_WORDS_H
#define BTTUI_UI_LIMIT_WORDS_H

#include "ui/view.h"

#define LIMIT_WORDS_SIZE 80

/* Two rates, down and up; 0: none. */
const char *limit_words(uint64_t down, uint64_t up, char ret_text[LIMIT_WORDS_SIZE]);
bool limit_words_parse(const char *text, uint64_t *ret_down, uint64_t *ret_up);
const char *limit_words_hint(void);
/* The same for the answer to a question: what is wrong with it is said. */
bool limit_words_read(struct view_context *context, const char *text, uint64_t *ret_down,
                      uint64_t *ret_up);

/* A ratio, minutes, and stop or remove; the last two may be left out. Each may be "-",
 * for what holds for all torrents; the first two "never". */
const char *goal_words(const struct seed_goal *goal, char ret_text[LIMIT_WORDS_SIZE]);
const char *goal_words_hint(void);
bool goal_words_parse(const char *text, struct seed_goal *ret_goal);

#endif
