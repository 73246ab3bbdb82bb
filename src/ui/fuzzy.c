#include "ui/fuzzy.h"

#include "base/text.h"

#include <string.h>
#include <wctype.h>

#define CODES 256 /* of a text; more are not looked at */

/* What a find is worth: whole words first, then their beginnings, then parts, then
 * letters that are scattered. */
enum { SCORE_LETTER = 1, SCORE_NEXT = 3, SCORE_PART = 20, SCORE_BEGINNING = 40 };

struct codes {
    uint32_t codes[CODES];
    int count;
};

static void fold(const char *text, size_t length, struct codes *ret_codes)
{
    ret_codes->count = 0;
    for (size_t at = 0; at < length && ret_codes->count < CODES;) {
        uint32_t code;
        at += text_decode(text + at, length - at, &code);
        ret_codes->codes[ret_codes->count++] = (uint32_t)towlower((wint_t)code);
    }
}

static bool begins_word(const struct codes *text, int at)
{
    return at == 0 || !iswalnum((wint_t)text->codes[at - 1]);
}

/* The best place where TEXT has WORD in one piece; 0: nowhere. */
static int score_part(const struct codes *text, const struct codes *word)
{
    int best = 0;
    for (int at = 0; at + word->count <= text->count; at++) {
        int same = 0;
        while (same < word->count && text->codes[at + same] == word->codes[same])
            same++;
        const int score = begins_word(text, at) ? SCORE_BEGINNING : SCORE_PART;
        if (same == word->count && score > best)
            best = score;
    }
    return best;
}

/* The letters of WORD one after the other from the place AT on; 0: they are not there. */
static int score_letters_from(const struct codes *text, const struct codes *word, int at)
{
    int score = 0, last = at - 1, found = 0;
    for (; at < text->count && found < word->count; at++) {
        if (text->codes[at] != word->codes[found])
            continue;
        score += at == last + 1 || begins_word(text, at) ? SCORE_NEXT : SCORE_LETTER;
        last = at;
        found++;
    }
    return found == word->count ? score : 0;
}

static int score_letters(const struct codes *text, const struct codes *word)
{
    int best = 0;
    for (int at = 0; at + word->count <= text->count; at++) {
        const int score =
            text->codes[at] == word->codes[0] ? score_letters_from(text, word, at) : 0;
        best = score > best ? score : best;
    }
    return best < SCORE_PART ? best : SCORE_PART - 1;
}

int fuzzy_score(const char *words, const char *name, const char *sentence)
{
    struct codes in_name, in_sentence, word;
    int score = 0;
    fold(name, strlen(name), &in_name);
    fold(sentence, strlen(sentence), &in_sentence);
    for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
        const size_t length = strcspn(words, " ");
        fold(words, length, &word);
        words += length;
        /* The name is what is typed by who knows it: a little better than a word. */
        const int own = score_part(&in_name, &word),
                  told = score_part(&in_sentence, &word);
        const int part = own > 0 && own >= told ? own + 1 : told;
        const int best = part > 0 ? part : score_letters(&in_name, &word);
        if (best == 0)
            return -1;
        score += best;
    }
    return score;
}
