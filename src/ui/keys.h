/*
 * Keys: what a terminal's bytes mean. Pure: bytes in, events out; the owner keeps
 * the time for a lone Escape. What a terminal answers to queries, and whatever is
 * not understood, is swallowed; pasted text comes as text and is never keys.
 */
#ifndef BTTUI_UI_KEYS_H
#define BTTUI_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a code point (control keys their control code), or one of these; with
 * modifiers or-ed. */
enum key_code {
    KEY_CODE_UP = 0x110000,
    KEY_CODE_DOWN,
    KEY_CODE_RIGHT,
    KEY_CODE_LEFT,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_INSERT,
    KEY_CODE_DELETE,
    KEY_CODE_BACK_TAB,
    KEY_CODE_F1, /* … F12 follow */
    KEY_CODE_F12 = KEY_CODE_F1 + 11,
    KEY_CODE_SPECIAL_END
};
#define KEY_CONTROL(letter) ((uint32_t)(letter)&0x1fu)
#define KEY_TAB             0x09u
#define KEY_RETURN          0x0du
#define KEY_ESCAPE          0x1bu
#define KEY_ERASE           0x7fu      /* Backspace, ^H too */
#define KEY_MOD_SHIFT       (1u << 24) /* only with special keys */
#define KEY_MOD_ALT         (1u << 25)
#define KEY_MOD_CTRL        (1u << 26) /* only with special keys */

enum key_event_type {
    KEY_EVENT_KEY,
    KEY_EVENT_PASTE, /* text; sanitising is the receiver's */
    KEY_EVENT_CLICK, /* x, y from 0: left button pressed */
    KEY_EVENT_WHEEL  /* x, y; by: -1 up, 1 down */
};
struct key_event {
    enum key_event_type type;
    uint32_t key;
    const char *text; /* a part of what is pasted; lives in the call */
    size_t length;
    bool last; /* the paste ends here */
    int x, y, by;
};
typedef void key_sink(void *context, const struct key_event *event);

#define KEY_SEQUENCE_MAX 64 /* longer sequences are swallowed */
#define KEY_PASTE_CHUNK  1024

struct key_decoder {
    uint8_t state;
    uint8_t needed;     /* bytes of a UTF-8 character; bytes to swallow */
    uint8_t matched;    /* of the mark that ends a paste */
    uint8_t length;     /* of `bytes` */
    bool too_long;      /* the sequence is swallowed when it ends */
    uint32_t modifiers; /* of the character that is coming */
    char bytes[KEY_SEQUENCE_MAX];
    char paste[KEY_PASTE_CHUNK];
    size_t paste_length;
};
void key_decoder_init(struct key_decoder *decoder);
void key_decoder_feed(struct key_decoder *decoder, const char *bytes, size_t length,
                      key_sink *sink, void *context);
/* Something is begun that silence ends: call key_decoder_timeout so long after the last
 * byte. A lone Escape is a key that somebody waits for; the rest of a sequence may come
 * late over a slow line, and must not be taken for keys. 0: nothing is begun. */
unsigned key_decoder_patience_ms(const struct key_decoder *decoder);
void key_decoder_timeout(struct key_decoder *decoder, key_sink *sink, void *context);

#define KEY_NAME_SIZE 24
/* "j", "^F", "PgDn", "F1", "Space", "↑" ("Up" when ASCII). */
const char *key_name(uint32_t key, bool ascii, char ret_name[KEY_NAME_SIZE]);
/* The key that LENGTH bytes of TEXT name so; "C-r" is "^r", "M-x" with Alt. */
bool key_parse(const char *text, size_t length, uint32_t *ret_key);

#endif
