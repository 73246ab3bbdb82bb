#include "app/options.h"
#include "app/run.h"
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
            options_print_help();
        else
            options_print_version();
        return EXIT_STATUS_OK;
    }
    return (int)run_main(&options);
}
