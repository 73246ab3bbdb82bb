#include "app/confine_private.h"

#include "base/error.h"
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define READ_ALL   (SANDBOX_READ | SANDBOX_LIST)
#define HOME_COUNT 1000 /* folders of a home directory that are looked at */

void places_add(struct places *places, unsigned access, const char *path)
{
    if (places->count == places->capacity) {
        const size_t capacity = places->capacity * 2 + 32;
        struct sandbox_path *paths =
            realloc(places->paths, capacity * sizeof *places->paths);
        if (paths == NULL) {
            places->failed = true;
            return;
        }
        places->paths = paths;
        places->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        places->failed = true;
    else
        places->paths[places->count++] = (struct sandbox_path){copy, access};
}

void places_done(struct places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free((char *)(uintptr_t)places->paths[i].path);
    free(places->paths);
    *places = (struct places){0};
}

/* ---- the system's ---- */

static void load_module(const char *name)
{
    char file[80];
    snprintf(file, sizeof file, "libnss_%.40s.so.2", name);
    /* Never closed: the name service finds it in memory, as it may not map code later. */
    (void)dlopen(file, RTLD_NOW);
}

/* The modules that /etc/nsswitch.conf names for hosts. */
static void load_name_service(void)
{
#ifdef __GLIBC__
    char line[512];
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *rest = line, *word = strtok_r(line, " \t\n", &rest);
        if (word == NULL || strcmp(word, "hosts:") != 0)
            continue;
        while ((word = strtok_r(NULL, " \t\n", &rest)) != NULL)
            if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0')
                load_module(word);
    }
    if (file != NULL)
        fclose(file);
#endif
}

/* What would be read or loaded when first needed. */
static void warm_up(void)
{
    wchar_t wide;
    mbstate_t state = {0};
    (void)mbrtowc(&wide, "x", 1, &state); /* the locale's character set */
    (void)strerror(EACCES);               /* libc's own translations */
    (void)error_text(ERROR_NONE);         /* ours */
    load_name_service();
}

static bool is_beneath(const char *path, const char *directory)
{
    const size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' ||
            (length > 0 && directory[length - 1] == '/'));
}

/* The list of name servers is replaced, not rewritten, when the network changes: what
 * counts is that its directory can be read. Where that is /etc itself, root, who could
 * read all secrets there, goes without. */
static void add_resolver(struct places *places)
{
    char *real = realpath("/etc/resolv.conf", NULL);
    places_add(places, SANDBOX_READ, "/etc/resolv.conf");
    if (real != NULL && !is_beneath(real, "/etc")) {
        *strrchr(real, '/') = '\0';
        if (real[0] != '\0')
            places_add(places, SANDBOX_READ, real);
    } else if (geteuid() != 0) {
        places_add(places, SANDBOX_READ, "/etc");
    }
    free(real);
}

void places_add_system(struct places *places)
{
    static const char *const readable[] = {
        "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
        "/etc/services", "/etc/protocols", "/etc/localtime", "/etc/timezone",
        "/etc/ld.so.cache", "/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo",
        "/usr/share", "/usr/lib/locale", "/usr/local/share/ca-certificates",
        /* certificates, but not the keys beside them */
        "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki/tls/certs",
        "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust",
        "/etc/crypto-policies", "/usr/lib/ssl", "/var/lib/ca-certificates",
        "/run/systemd/resolve", "/dev/urandom", "/sys/devices/system/cpu"};
    char path[PATH_MAX];
    const char *home = getenv("HOME"), *terminfo = getenv("TERMINFO");
    warm_up();
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        places_add(places, READ_ALL, readable[i]);
    places_add(places, SANDBOX_READ | SANDBOX_WRITE_FILE, "/dev/null");
    places_add(places, READ_ALL, LOCALEDIR);
    add_resolver(places);
    if (terminfo != NULL && terminfo[0] == '/')
        places_add(places, READ_ALL, terminfo);
    if (home != NULL && home[0] == '/' &&
        snprintf(path, sizeof path, "%s/.terminfo", home) < (int)sizeof path)
        places_add(places, READ_ALL, path);
#ifdef INSTRUMENTED /* sanitizers read the program and its libraries to name functions   \
                     */
    places_add(places, READ_ALL, "/");
#endif
}

/* ---- a person's ---- */

static const char *home_dir(void)
{
    const char *home = getenv("HOME");
    return home != NULL && home[0] == '/' && home[strspn(home, "/")] != '\0' ? home
                                                                             : NULL;
}

bool places_hold_home(const char *dir)
{
    const char *home = home_dir();
    char *real_home = home != NULL ? realpath(home, NULL) : NULL;
    char *real = realpath(dir, NULL);
    const bool holds =
        real != NULL &&
        (strcmp(real, "/") == 0 || (real_home != NULL && is_beneath(real_home, real)));
    free(real_home);
    free(real);
    return holds;
}

static void add_home(struct places *places, const char *home)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *entries = opendir(home);
    places_add(places, SANDBOX_LIST, home);
    for (int i = 0; entries != NULL && i < HOME_COUNT && (entry = readdir(entries)); i++)
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", home, entry->d_name) < (int)sizeof path)
            places_add(places, READ_ALL, path);
    if (entries != NULL)
        closedir(entries);
}

void places_add_personal(struct places *places)
{
    static const char *const others[] = {"/media", "/run/media", "/mnt", "/tmp"};
    const char *home = home_dir();
    char *here = getcwd(NULL, 0);
    if (home != NULL)
        add_home(places, home);
    if (here != NULL && !places_hold_home(here))
        places_add(places, READ_ALL, here);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        places_add(places, READ_ALL, others[i]);
    free(here);
}

/* ---- the configuration file ---- */

static void add_file_and_dir(struct places *places, const char *file)
{
    char path[PATH_MAX];
    const char *slash = strrchr(file, '/');
    if (snprintf(path, sizeof path, "%.*s/.", slash != NULL ? (int)(slash - file) : 1,
                 slash != NULL ? file : ".") >= (int)sizeof path)
        return;
    char *dir = realpath(path, NULL);
    places_add(places, SANDBOX_READ, file);
    if (dir != NULL && !places_hold_home(dir) &&
        (geteuid() != 0 || !is_beneath("/etc", dir)))
        places_add(places, SANDBOX_READ, dir);
    free(dir);
}

void places_add_settings(struct places *places, const char *file)
{
    if (file[0] == '\0')
        return;
    char *real = realpath(file, NULL);
    add_file_and_dir(places, file);
    if (real != NULL && strcmp(real, file) != 0)
        add_file_and_dir(places, real);
    free(real);
}
