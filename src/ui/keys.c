#include "ui/keys.h"

#include "base/text.h"

#include <string.h>

#define ESCAPE_MS   25u
#define SEQUENCE_MS 500u

enum decoder_state {
    STATE_GROUND,
    STATE_UTF8,    /* inside a character */
    STATE_ESCAPE,  /* after ESC */
    STATE_CSI,     /* after ESC [ */
    STATE_SS3,     /* after ESC O */
    STATE_LINUX,   /* after ESC [ [ : the Linux console's F1-F5 */
    STATE_SWALLOW, /* the bytes of an old mouse report */
    STATE_STRING,  /* OSC, DCS …: up to BEL or ST */
    STATE_STRING_ESCAPE,
    STATE_PASTE
};

static const char paste_end[] = "\x1b[201~";

struct feed {
    struct key_decoder *decoder;
    key_sink *sink;
    void *context;
};

void key_decoder_init(struct key_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
}

static void emit(const struct feed *feed, uint32_t key)
{
    const struct key_event event = {.type = KEY_EVENT_KEY, .key = key};
    feed->decoder->state = STATE_GROUND;
    if (key != 0)
        feed->sink(feed->context, &event);
}

static void emit_paste(const struct feed *feed, bool last)
{
    struct key_decoder *decoder = feed->decoder;
    const struct key_event event = {.type = KEY_EVENT_PASTE,
                                    .text = decoder->paste,
                                    .length = decoder->paste_length,
                                    .last = last};
    decoder->paste_length = 0;
    feed->sink(feed->context, &event);
}

/* ---- control sequences ---- */

#define MAX_NUMBERS 4

/* The numbers of "1;5", saturated; returns how many. */
static int read_numbers(const char *bytes, size_t length, int numbers[MAX_NUMBERS])
{
    int count = 0, value = 0;
    memset(numbers, 0, MAX_NUMBERS * sizeof *numbers);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] >= '0' && bytes[i] <= '9')
            value = value > 99999 ? value : value * 10 + (bytes[i] - '0');
        if (bytes[i] == ';' || i + 1 == length) {
            if (count < MAX_NUMBERS)
                numbers[count++] = value;
            value = 0;
        }
    }
    return count;
}

/* xterm's modifier number: 1 + shift, 2 alt, 4 ctrl. */
static uint32_t modifiers_of(int number)
{
    const int bits = number > 1 && number <= 16 ? number - 1 : 0;
    return ((bits & 1) != 0 ? KEY_MOD_SHIFT : 0) | ((bits & 2) != 0 ? KEY_MOD_ALT : 0) |
           ((bits & 4) != 0 ? KEY_MOD_CTRL : 0);
}

static uint32_t key_of_letter(char final)
{
    switch (final) {
    case 'A':
        return KEY_CODE_UP;
    case 'B':
        return KEY_CODE_DOWN;
    case 'C':
        return KEY_CODE_RIGHT;
    case 'D':
        return KEY_CODE_LEFT;
    case 'H':
        return KEY_CODE_HOME;
    case 'F':
        return KEY_CODE_END;
    case 'Z':
        return KEY_CODE_BACK_TAB;
    case 'P':
    case 'Q':
    case 'S':
        return KEY_CODE_F1 + (uint32_t)(final - 'P');
    default:
        return 0;
    }
}

/* The number of "ESC [ 5 ~". */
static uint32_t key_of_number(int number)
{
    static const uint32_t keys[] = {
        [1] = KEY_CODE_HOME,     [2] = KEY_CODE_INSERT,   [3] = KEY_CODE_DELETE,
        [4] = KEY_CODE_END,      [5] = KEY_CODE_PAGE_UP,  [6] = KEY_CODE_PAGE_DOWN,
        [7] = KEY_CODE_HOME,     [8] = KEY_CODE_END,      [11] = KEY_CODE_F1,
        [12] = KEY_CODE_F1 + 1,  [13] = KEY_CODE_F1 + 2,  [14] = KEY_CODE_F1 + 3,
        [15] = KEY_CODE_F1 + 4,  [17] = KEY_CODE_F1 + 5,  [18] = KEY_CODE_F1 + 6,
        [19] = KEY_CODE_F1 + 7,  [20] = KEY_CODE_F1 + 8,  [21] = KEY_CODE_F1 + 9,
        [23] = KEY_CODE_F1 + 10, [24] = KEY_CODE_F1 + 11,
    };
    const bool known = number > 0 && (size_t)number < sizeof keys / sizeof *keys;
    return known ? keys[number] : 0;
}

/* SGR mouse: ESC [ < button ; x ; y M (pressed) or m (released). */
static void on_mouse(const struct feed *feed, char final)
{
    int numbers[MAX_NUMBERS];
    const struct key_decoder *decoder = feed->decoder;
    const int count = read_numbers(decoder->bytes + 1, decoder->length - 1u, numbers);
    struct key_event event = {.x = numbers[1] - 1, .y = numbers[2] - 1};
    const int button = numbers[0] & ~0x1c; /* without shift, meta, ctrl */
    feed->decoder->state = STATE_GROUND;
    if (count != 3 || final != 'M' || event.x < 0 || event.y < 0)
        return;
    if (button == 64 || button == 65) {
        event.type = KEY_EVENT_WHEEL;
        event.by = button == 64 ? -1 : 1;
    } else if (button == 0) {
        event.type = KEY_EVENT_CLICK;
    } else {
        return;
    }
    feed->sink(feed->context, &event);
}

static void on_csi(const struct feed *feed, char final)
{
    struct key_decoder *decoder = feed->decoder;
    int numbers[MAX_NUMBERS];
    decoder->state = STATE_GROUND;
    if (final == '[' && decoder->length == 0) {
        decoder->state = STATE_LINUX;
        return;
    }
    if (final == 'M' && decoder->length == 0) {
        decoder->state = STATE_SWALLOW;
        decoder->needed = 3;
        return;
    }
    if (decoder->too_long)
        return;
    if (decoder->length > 0 && decoder->bytes[0] == '<') {
        if (final == 'M' || final == 'm')
            on_mouse(feed, final);
        return;
    }
    if (decoder->length > 0 && (decoder->bytes[0] < '0' || decoder->bytes[0] > ';'))
        return; /* an answer of the terminal's */
    const int count = read_numbers(decoder->bytes, decoder->length, numbers);
    if (final == '~' && numbers[0] == 200) {
        decoder->state = STATE_PASTE;
        decoder->matched = 0;
        decoder->paste_length = 0;
        return;
    }
    const uint32_t key = final == '~' ? key_of_number(numbers[0]) : key_of_letter(final);
    /* A letter with other numbers than "1;modifiers" is a report, not a key. */
    if (key != 0 && (final == '~' || count == 0 || (count == 2 && numbers[0] <= 1)))
        emit(feed, key | modifiers_of(numbers[1]));
}

static void on_ss3(const struct feed *feed, char final)
{
    static const char keypad[] = "*+,-./0123456789"; /* j … y */
    if (final == 'M')
        emit(feed, KEY_RETURN);
    else if (final == 'R')
        emit(feed, KEY_CODE_F1 + 2);
    else if (final >= 'j' && final <= 'y')
        emit(feed, (uint32_t)keypad[final - 'j']);
    else
        emit(feed, key_of_letter(final));
}

/* ---- states ---- */

static void begin_sequence(struct key_decoder *decoder, enum decoder_state state)
{
    decoder->state = (uint8_t)state;
    decoder->length = 0;
    decoder->too_long = false;
}

static void on_ground(const struct feed *feed, uint8_t byte, uint32_t modifiers)
{
    struct key_decoder *decoder = feed->decoder;
    decoder->state = STATE_GROUND;
    if (byte == KEY_ESCAPE) {
        begin_sequence(decoder, STATE_ESCAPE);
    } else if (byte == 0x08 || byte == KEY_ERASE) {
        emit(feed, KEY_ERASE | modifiers);
    } else if (byte == '\n') {
        emit(feed, KEY_RETURN | modifiers);
    } else if (byte < 0x80) {
        emit(feed, byte == 0 ? 0 : byte | modifiers);
    } else if (byte >= 0xc2 && byte < 0xf5) {
        begin_sequence(decoder, STATE_UTF8);
        decoder->bytes[decoder->length++] = (char)byte;
        decoder->needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        decoder->modifiers = modifiers;
    }
}

static void on_utf8(const struct feed *feed, uint8_t byte)
{
    struct key_decoder *decoder = feed->decoder;
    uint32_t code;
    if ((byte & 0xc0) != 0x80) {
        on_ground(feed, byte, 0);
        return;
    }
    decoder->bytes[decoder->length++] = (char)byte;
    if (decoder->length < decoder->needed)
        return;
    const size_t used = text_decode(decoder->bytes, decoder->length, &code);
    emit(feed, used == decoder->length && code >= 0xa0 ? code | decoder->modifiers : 0);
}

static void on_escape(const struct feed *feed, uint8_t byte)
{
    struct key_decoder *decoder = feed->decoder;
    if (byte == '[')
        begin_sequence(decoder, STATE_CSI);
    else if (byte == 'O')
        begin_sequence(decoder, STATE_SS3);
    else if (byte == ']' || byte == 'P' || byte == '_' || byte == '^' || byte == 'X')
        begin_sequence(decoder, STATE_STRING);
    else if (byte == KEY_ESCAPE) {
        emit(feed, KEY_ESCAPE);
        begin_sequence(decoder, STATE_ESCAPE);
    } else
        on_ground(feed, byte, KEY_MOD_ALT);
}

static void on_csi_byte(const struct feed *feed, uint8_t byte)
{
    struct key_decoder *decoder = feed->decoder;
    if (byte == KEY_ESCAPE) {
        begin_sequence(decoder, STATE_ESCAPE);
    } else if (byte >= 0x40 && byte < 0x7f) {
        on_csi(feed, (char)byte);
    } else if (byte < 0x20 || byte >= 0x7f) {
        decoder->state = STATE_GROUND;
    } else if (decoder->length < KEY_SEQUENCE_MAX) {
        decoder->bytes[decoder->length++] = (char)byte;
    } else {
        decoder->too_long = true;
    }
}

static void paste_byte(const struct feed *feed, char byte)
{
    struct key_decoder *decoder = feed->decoder;
    decoder->paste[decoder->paste_length++] = byte;
    if (decoder->paste_length == KEY_PASTE_CHUNK)
        emit_paste(feed, false);
}

static void on_paste_byte(const struct feed *feed, uint8_t byte)
{
    struct key_decoder *decoder = feed->decoder;
    if ((char)byte == paste_end[decoder->matched]) {
        if (++decoder->matched == sizeof paste_end - 1) {
            decoder->state = STATE_GROUND;
            emit_paste(feed, true);
        }
        return;
    }
    for (uint8_t i = 0; i < decoder->matched; i++)
        paste_byte(feed, paste_end[i]);
    decoder->matched = byte == KEY_ESCAPE;
    if (decoder->matched == 0)
        paste_byte(feed, (char)byte);
}

static void on_string_byte(struct key_decoder *decoder, uint8_t byte)
{
    if (byte == 0x07 || (decoder->state == STATE_STRING_ESCAPE && byte == '\\'))
        decoder->state = STATE_GROUND;
    else
        decoder->state = byte == KEY_ESCAPE ? STATE_STRING_ESCAPE : STATE_STRING;
}

static void on_byte(const struct feed *feed, uint8_t byte)
{
    struct key_decoder *decoder = feed->decoder;
    switch ((enum decoder_state)decoder->state) {
    case STATE_GROUND:
        on_ground(feed, byte, 0);
        break;
    case STATE_UTF8:
        on_utf8(feed, byte);
        break;
    case STATE_ESCAPE:
        on_escape(feed, byte);
        break;
    case STATE_CSI:
        on_csi_byte(feed, byte);
        break;
    case STATE_SS3:
        on_ss3(feed, (char)byte);
        break;
    case STATE_LINUX:
        emit(feed, byte >= 'A' && byte <= 'E' ? KEY_CODE_F1 + byte - 'A' : 0);
        break;
    case STATE_SWALLOW:
        if (--decoder->needed == 0)
            decoder->state = STATE_GROUND;
        break;
    case STATE_STRING:
    case STATE_STRING_ESCAPE:
        on_string_byte(decoder, byte);
        break;
    case STATE_PASTE:
        on_paste_byte(feed, byte);
        break;
    }
}

void key_decoder_feed(struct key_decoder *decoder, const char *bytes, size_t length,
                      key_sink *sink, void *context)
{
    const struct feed feed = {decoder, sink, context};
    for (size_t i = 0; i < length; i++)
        on_byte(&feed, (uint8_t)bytes[i]);
}

unsigned key_decoder_patience_ms(const struct key_decoder *decoder)
{
    switch ((enum decoder_state)decoder->state) {
    case STATE_GROUND:
    case STATE_PASTE:
        return 0;
    case STATE_ESCAPE:
        return ESCAPE_MS;
    default:
        return SEQUENCE_MS;
    }
}

void key_decoder_timeout(struct key_decoder *decoder, key_sink *sink, void *context)
{
    const struct feed feed = {decoder, sink, context};
    const uint8_t state = decoder->state;
    if (key_decoder_patience_ms(decoder) == 0)
        return;
    decoder->state = STATE_GROUND;
    if (state == STATE_ESCAPE)
        emit(&feed, KEY_ESCAPE);
    else if (state == STATE_SS3)
        emit(&feed, 'O' | KEY_MOD_ALT);
    else if (state == STATE_CSI && decoder->length == 0)
        emit(&feed, '[' | KEY_MOD_ALT);
}
