#include "app/commands.h"
#include "app/options.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Descriptors 0-2 must be somebody's, or a socket could become standard output. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* What was printed must have arrived: a full disk or a closed pipe is a failure. */
static int finish(enum exit_status status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return (int)status;
    fputs(_("bttui: standard output cannot be written to\n"), stderr);
    return (int)(status == EXIT_STATUS_OK ? EXIT_STATUS_FAILED : status);
}

int main(int argc, char **argv)
{
    struct options options;
    fill_standard_descriptors();
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
#if ENABLE_NLS
    bindtextdomain(PACKAGE, LOCALEDIR);
    textdomain(PACKAGE);
#endif
    const enum exit_status status = options_parse(argc, argv, &options);
    if (status != EXIT_STATUS_OK)
        return (int)status;
    if (options.help || options.version) {
        if (options.help)
            options_print_help(options.command);
        else
            options_print_version();
        return finish(EXIT_STATUS_OK);
    }
    return finish(options.command->run(&options));
}
