/* Landlock. Its header may be older than the kernel, or absent: what is used stands here,
 * as the kernel's Documentation/userspace-api/landlock.rst has it. */
#include "base/sandbox_private.h"

#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum {
    CREATE_RULESET_VERSION = 1 << 0,
    RULE_PATH_BENEATH = 1,
    RULE_NET_PORT = 2,
    NET_BIND_TCP = 1 << 0,
    SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0
};

enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_DIR = 1 << 4,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_CHAR = 1 << 6,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_MAKE_SOCK = 1 << 9,
    FS_MAKE_FIFO = 1 << 10,
    FS_MAKE_BLOCK = 1 << 11,
    FS_MAKE_SYM = 1 << 12,
    FS_REFER = 1 << 13,     /* ABI 2 */
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
};

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* ABI 4 */
    uint64_t scoped;             /* ABI 6 */
};

struct path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
    uint64_t allowed_access;
    uint64_t port;
};

static struct ruleset_attr ruleset_of(long abi, size_t *ret_size)
{
    struct ruleset_attr attr = {.handled_access_fs = FS_REFER - 1};
    if (abi >= 2)
        attr.handled_access_fs |= FS_REFER;
    if (abi >= 3)
        attr.handled_access_fs |= FS_TRUNCATE;
    if (abi >= 4)
        attr.handled_access_net = NET_BIND_TCP;
    if (abi >= 5)
        attr.handled_access_fs |= FS_IOCTL_DEV;
    if (abi >= 6)
        attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET;
    *ret_size = abi >= 6   ? sizeof attr
                : abi >= 4 ? offsetof(struct ruleset_attr, scoped)
                           : offsetof(struct ruleset_attr, handled_access_net);
    return attr;
}

static uint64_t rights_of(unsigned access)
{
    uint64_t rights = 0;
    if ((access & SANDBOX_READ) != 0)
        rights |= FS_READ_FILE;
    if ((access & SANDBOX_LIST) != 0)
        rights |= FS_READ_DIR;
    if ((access & SANDBOX_WRITE_FILE) != 0)
        rights |= FS_WRITE_FILE;
    if ((access & SANDBOX_REMOVE_DIR) != 0)
        rights |= FS_REMOVE_DIR;
    if ((access & SANDBOX_WRITE) != 0) /* no links, sockets or devices */
        rights |= FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |
                  FS_MAKE_REG | FS_REFER | FS_TRUNCATE;
    return rights;
}

static bool add_path(int ruleset, const struct ruleset_attr *attr,
                     const struct sandbox_path *path)
{
    const uint64_t file_rights = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE;
    struct stat status;
    struct path_beneath_attr rule = {.allowed_access = rights_of(path->access) &
                                                       attr->handled_access_fs,
                                     .parent_fd = open(path->path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return true;
    bool fine = fstat(rule.parent_fd, &status) == 0;
    if (fine && !S_ISDIR(status.st_mode))
        rule.allowed_access &= file_rights;
    if (fine && rule.allowed_access != 0)
        fine = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
    close(rule.parent_fd);
    return fine;
}

static bool add_rules(int ruleset, const struct ruleset_attr *attr,
                      const struct sandbox_config *config)
{
    for (size_t i = 0; i < config->path_count; i++)
        if (!add_path(ruleset, attr, &config->paths[i]))
            return false;
    for (size_t i = 0; attr->handled_access_net != 0 && i < config->port_count; i++) {
        const struct net_port_attr rule = {NET_BIND_TCP, config->ports[i]};
        if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) != 0)
            return false;
    }
    return true;
}

unsigned sandbox_enter_files(const struct sandbox_config *config)
{
    size_t size;
    const long abi =
        syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 1)
        return 0;
    const struct ruleset_attr attr = ruleset_of(abi, &size);
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0)
        return 0;
    const bool fine = add_rules(ruleset, &attr, config) &&
                      syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    if (!fine)
        return 0;
    return attr.handled_access_net != 0 ? SANDBOX_FILES | SANDBOX_PORTS : SANDBOX_FILES;
}
