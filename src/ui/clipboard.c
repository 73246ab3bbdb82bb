#include "ui/clipboard.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "\033]52;c;"
#define END   "\a" /* all that know the sequence know this end of it */

/* These print what follows ESC ]. */
static const char *const without[] = {"linux", "vt",  "ansi", "dumb", "cygwin",
                                      "wy",    "sun", "cons", "hurd"};

bool clipboard_is_known(const char *term)
{
    for (size_t i = 0; term != NULL && i < sizeof without / sizeof *without; i++)
        if (strncmp(term, without[i], strlen(without[i])) == 0)
            return false;
    return term != NULL && term[0] != '\0';
}

bool clipboard_bytes(const char *text, size_t length, char **ret_bytes,
                     size_t *ret_length)
{
    if (length > INT_MAX / 2)
        return false;
    char *bytes = malloc(sizeof BEGIN + (length + 2) / 3 * 4 + sizeof END);
    if (bytes == NULL)
        return false;
    memcpy(bytes, BEGIN, sizeof BEGIN - 1);
    size_t used = sizeof BEGIN - 1;
    used += (size_t)EVP_EncodeBlock((uint8_t *)bytes + used, (const uint8_t *)text,
                                    (int)length);
    memcpy(bytes + used, END, sizeof END - 1);
    *ret_bytes = bytes;
    *ret_length = used + sizeof END - 1;
    return true;
}
