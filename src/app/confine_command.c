/* The sandbox of a command that works in the foreground. */
#include "app/confine.h"
#include "app/confine_private.h"

#include <stdio.h>

enum exit_status confine_command(enum sandbox_choice choice, const char *read,
                                 const char *write)
{
    struct places places = {0};
    char text[200];
    unsigned had = 0;
    if (choice == SANDBOX_CHOICE_OFF)
        return EXIT_STATUS_OK;
    places_add(&places, SANDBOX_READ | SANDBOX_LIST, read);
    if (write != NULL)
        places_add(&places, SANDBOX_READ | SANDBOX_LIST | SANDBOX_WRITE, write);
    places_add_system(&places);
    const struct sandbox_config config = {.paths = places.paths,
                                          .path_count = places.count};
    /* Half a list would keep out what is needed. */
    if (!places.failed)
        had = sandbox_enter(&config);
    places_done(&places);
    if (choice != SANDBOX_CHOICE_REQUIRE || had == SANDBOX_ALL)
        return EXIT_STATUS_OK;
    confine_describe(had, false, text, sizeof text);
    fprintf(stderr, "bttui: --sandbox=require: %s\n", text);
    return EXIT_STATUS_USAGE;
}
