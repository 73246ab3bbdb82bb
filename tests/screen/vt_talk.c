/*
 * The terminal that believes nobody, for scripts: commands on standard input.
 *
 *   vt_talk TERM WIDTH HEIGHT [ascii]
 *
 *   feed LENGTH      and as many bytes
 *   size WIDTH HEIGHT
 *   settle           what is misplaced until here is forgotten
 *   copy             one text may be copied from now on
 *   copied           answers: its base64
 *   show             answers: the problem, what is misplaced, the modes, the number of
 *                    rows, the rows
 *
 * Ends with 0 at the end of its input, with 77 if it does not know TERM.
 */
#include "vt.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_MAX (1u << 20)

static void show(struct vt *vt, int height)
{
    printf("%s\n%s\n%s\n%d\n", vt_problem(vt), vt_misplaced(vt), vt_modes(vt), height);
    for (int y = 0; y < height; y++)
        printf("%s\n", vt_row(vt, y));
    fflush(stdout);
}

static void feed(struct vt *vt, unsigned long length)
{
    char *bytes = length <= FEED_MAX ? malloc(length + 1) : NULL;
    if (bytes == NULL || fread(bytes, 1, length, stdin) != length)
        exit(EXIT_FAILURE);
    vt_feed(vt, bytes, length);
    free(bytes);
}

int main(int argc, char **argv)
{
    char line[128];
    if (argc < 4 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return EXIT_FAILURE;
    int width = atoi(argv[2]), height = atoi(argv[3]);
    struct vt *vt = vt_new(argv[1], width, height, argc > 4);
    if (vt == NULL)
        return 77;
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned long length;
        if (sscanf(line, "feed %lu", &length) == 1)
            feed(vt, length);
        else if (sscanf(line, "size %d %d", &width, &height) == 2)
            vt_resize(vt, width, height);
        else if (strcmp(line, "settle\n") == 0)
            vt_settle(vt);
        else if (strcmp(line, "copy\n") == 0)
            vt_expect_copy(vt);
        else if (strcmp(line, "copied\n") == 0) {
            printf("%s\n", vt_copied(vt));
            fflush(stdout);
        } else if (strcmp(line, "show\n") == 0)
            show(vt, height);
        else
            return EXIT_FAILURE;
    }
    vt_free(vt);
    return EXIT_SUCCESS;
}
