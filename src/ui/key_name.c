/* How keys are called in the footer and in the help. */
#include "base/text.h"
#include "ui/keys.h"

#include <stdio.h>

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
