/* How keys are called in the footer, in the help and where they are changed. */
#include "base/text.h"
#include "ui/keys.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *special_name(uint32_t key, bool ascii)
{
    static const char *const names[] = {"↑",    "↓",    "→",   "←",   "Home", "End",
                                        "PgUp", "PgDn", "Ins", "Del", "S-Tab"};
    static const char *const plain[] = {"Up", "Down", "Right", "Left"};
    if (ascii && key <= KEY_CODE_LEFT)
        return plain[key - KEY_CODE_UP];
    return key <= KEY_CODE_BACK_TAB ? names[key - KEY_CODE_UP] : NULL;
}

static const char *control_name(uint32_t key)
{
    switch (key) {
    case ' ':
        return "Space";
    case KEY_TAB:
        return "Tab";
    case KEY_RETURN:
        return "Enter";
    case KEY_ESCAPE:
        return "Esc";
    case KEY_ERASE:
        return "Backspace";
    default:
        return NULL;
    }
}

const char *key_name(uint32_t key, bool ascii, char ret_name[KEY_NAME_SIZE])
{
    const uint32_t code = key & 0xffffffu;
    const char *alt = (key & KEY_MOD_ALT) != 0 ? "M-" : "";
    const char *ctrl = (key & KEY_MOD_CTRL) != 0 ? "C-" : "";
    const char *shift = (key & KEY_MOD_SHIFT) != 0 ? "S-" : "";
    char bytes[5] = "";
    const char *name = bytes;
    if (code >= KEY_CODE_F1 && code <= KEY_CODE_F12)
        snprintf(bytes, sizeof bytes, "F%u", (unsigned)(code - KEY_CODE_F1 + 1) & 15u);
    else if (code >= KEY_CODE_UP)
        name = special_name(code, ascii);
    else if (control_name(code) != NULL)
        name = control_name(code);
    else if (code < 0x20)
        snprintf(bytes, sizeof bytes, "^%c", (char)('@' + code));
    else
        bytes[text_encode(code, bytes)] = '\0';
    snprintf(ret_name, KEY_NAME_SIZE, "%s%s%s%s", ctrl, alt, shift, name);
    return ret_name;
}

/* ---- back ---- */

/* Which of the keys that have a name; 0: none of them. */
static uint32_t named_key(const char *name, size_t length)
{
    static const uint32_t plain[] = {' ', KEY_TAB, KEY_RETURN, KEY_ESCAPE, KEY_ERASE};
    char own[KEY_NAME_SIZE];
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strlen(control_name(plain[i])) == length &&
            strncasecmp(control_name(plain[i]), name, length) == 0)
            return plain[i];
    for (uint32_t key = KEY_CODE_UP; key < KEY_CODE_SPECIAL_END; key++) {
        key_name(key, true, own);
        if (strlen(own) == length && strncasecmp(own, name, length) == 0)
            return key;
    }
    return 0;
}

/* The code of one character, or of "^r"; 0: it is neither. */
static uint32_t character_key(const char *name, size_t length)
{
    uint32_t code;
    if (length == 2 && name[0] == '^' && name[1] >= '?' && name[1] <= 'z')
        return name[1] == '?' ? KEY_ERASE : KEY_CONTROL(name[1]);
    if (length == 0 || !text_is_valid_utf8(name, length) ||
        text_decode(name, length, &code) != length || code <= ' ' || code == KEY_ERASE)
        return 0;
    return code;
}

bool key_parse(const char *text, size_t length, uint32_t *ret_key)
{
    uint32_t modifiers = 0;
    if (named_key(text, length) == KEY_CODE_BACK_TAB) { /* "S-Tab" */
        *ret_key = KEY_CODE_BACK_TAB;
        return true;
    }
    for (; length > 2 && text[1] == '-'; text += 2, length -= 2) {
        if (text[0] == 'M')
            modifiers |= KEY_MOD_ALT;
        else if (text[0] == 'C')
            modifiers |= KEY_MOD_CTRL;
        else if (text[0] == 'S')
            modifiers |= KEY_MOD_SHIFT;
        else
            return false;
    }
    uint32_t key = named_key(text, length);
    if (key == 0)
        key = character_key(text, length);
    if (key < KEY_CODE_UP && (modifiers & KEY_MOD_CTRL) != 0) {
        if (key < '@' || key > 'z')
            return false;
        key = KEY_CONTROL(key);
        modifiers &= ~KEY_MOD_CTRL;
    }
    if (key == 0 || (key < KEY_CODE_UP && (modifiers & KEY_MOD_SHIFT) != 0))
        return false;
    *ret_key = key | modifiers;
    return true;
}
