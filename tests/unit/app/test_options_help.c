/* The list of options, in a language whose letters are wider than their bytes say. */
#include "app/commands.h"
#include "app/options.h"
#include "base/i18n.h"
#include "base/text.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if ENABLE_NLS

#define DOMAIN      "bttui-test"
#define ORIGINAL    "RATE"
#define TRANSLATION "速度" /* six bytes, four cells */
#define HELP_COLUMN 27     /* two before the option, 24 for it, one after it */

static void make_dir(char *path, const char *name)
{
    strcat(strcat(path, "/"), name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* A compiled catalogue (.mo) of one message: seven words of header, then a table of
 * originals and one of translations, each a length and a place, then the strings. */
static void write_catalogue(const char *root)
{
    enum { STRINGS = 44 };
    const uint32_t head[STRINGS / 4] = {0x950412de,
                                        0,
                                        1,
                                        28,
                                        36,
                                        0,
                                        STRINGS,
                                        sizeof ORIGINAL - 1,
                                        STRINGS,
                                        sizeof TRANSLATION - 1,
                                        STRINGS + sizeof ORIGINAL};
    char path[256];
    snprintf(path, sizeof path, "%s", root);
    make_dir(path, "xx");
    make_dir(path, "LC_MESSAGES");
    strcat(path, "/" DOMAIN ".mo");
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(head, sizeof head, 1, file);
    fwrite(ORIGINAL, sizeof ORIGINAL, 1, file);
    fwrite(TRANSLATION, sizeof TRANSLATION, 1, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_catalogue(const char *root)
{
    static const char *const below[] = {"/xx/LC_MESSAGES/" DOMAIN ".mo",
                                        "/xx/LC_MESSAGES", "/xx", ""};
    char path[256];
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        snprintf(path, sizeof path, "%s%s", root, below[i]);
        remove(path);
    }
}

/* What the help of the main command prints. */
static void print_help(char *ret_text, size_t size)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    options_print_help(command_find(""));
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
    fclose(file);
}

START_TEST(what_an_option_does_begins_in_one_column_after_wide_letters_too)
{
    static char text[16384];
    char root[] = "/tmp/bttui-check-help-XXXXXX", left[64];
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        return; /* no place to see it in: not every system has this locale */
    ck_assert_ptr_nonnull(mkdtemp(root));
    write_catalogue(root);
    setenv("LANGUAGE", "xx", 1);
    bindtextdomain(DOMAIN, root);
    textdomain(DOMAIN);
    print_help(text, sizeof text);
    setlocale(LC_ALL, "C");
    remove_catalogue(root);

    const char *line = strstr(text, "      --max-up=" TRANSLATION " ");
    const char *help = strstr(text, "the same for uploading");
    ck_assert_msg(line != NULL && help > line, "%s", text);
    snprintf(left, sizeof left, "%.*s", (int)(help - line), line);
    ck_assert_uint_eq(text_cells(left), HELP_COLUMN);
}
END_TEST

#endif

Suite *suite_options_help(void)
{
    Suite *suite = suite_create("options_help");
    TCase *tcase = tcase_create("options_help");
#if ENABLE_NLS
    tcase_add_test(tcase,
                   what_an_option_does_begins_in_one_column_after_wide_letters_too);
#endif
    suite_add_tcase(suite, tcase);
    return suite;
}
