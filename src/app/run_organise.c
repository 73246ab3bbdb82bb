/* What keeps the user's session in order while it runs: watch directories, and a command
 * for what is complete. */
#include "app/helper.h"
#include "app/on_complete.h"
#include "app/run_private.h"
#include "app/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum exit_status run_open_helper(struct run *run)
{
    run->helper = -1;
    if (run->options->on_complete == NULL || run->plan != NULL)
        return EXIT_STATUS_OK;
    run->helper = helper_start(run->options->on_complete, ON_COMPLETE_TIMEOUT_MS);
    if (run->helper >= 0)
        return EXIT_STATUS_OK;
    fprintf(stderr, "bttui: --on-complete: %s\n", strerror(errno));
    return EXIT_STATUS_USAGE;
}

enum exit_status run_open_on_complete(struct run *run, void (*on_idle)(void *context))
{
    const struct on_complete_config config = {.loop = run->loop,
                                              .session = run->session,
                                              .log = run->log,
                                              .helper = run->helper,
                                              .on_idle = on_idle,
                                              .context = run};
    if (run->helper < 0)
        return EXIT_STATUS_OK;
    run->helper = -1;
    run->on_complete = on_complete_new(&config);
    return run->on_complete != NULL ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

enum exit_status run_open_watch(struct run *run)
{
    const struct watch_config config = {.loop = run->loop,
                                        .session = run->session,
                                        .log = run->log,
                                        .dirs = run->options->watches,
                                        .dir_count = run->options->watch_count};
    if (run->options->watch_count == 0)
        return EXIT_STATUS_OK;
    run->watch = watch_new(&config);
    return run->watch != NULL ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}
