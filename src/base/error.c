#include "base/error.h"

#include "base/i18n.h"

#include <errno.h>

static const struct {
    const char *name;
    const char *text;
} error_table[ERROR_COUNT] = {
#define X(name, text) {#name, text},
    ERROR_LIST(X)
#undef X
};

const char *error_name(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? error_table[code].name : "UNKNOWN";
}

const char *error_text(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? _(error_table[code].text) : "?";
}

enum error_code error_from_errno(int errno_value)
{
    switch (errno_value) {
    case 0:
        return ERROR_NONE;
    case ENOMEM:
        return ERROR_MEMORY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERROR_DISK_FULL;
    case ENAMETOOLONG:
    case EILSEQ:
        return ERROR_NAME;
    case EROFS:
        return ERROR_READ_ONLY;
    case EACCES:
    case EPERM:
        return ERROR_ACCESS;
    case ENOENT:
    case ENOTDIR:
    case ESTALE:
        return ERROR_NOT_FOUND;
    case EEXIST:
        return ERROR_EXISTS;
    case EISDIR:
    case ELOOP:
        return ERROR_NOT_REGULAR;
    case ECANCELED:
        return ERROR_CANCELLED;
    case EAGAIN:
    case EINTR:
        return ERROR_AGAIN;
    case ENETDOWN:
    case ENETUNREACH:
    case EADDRNOTAVAIL: /* our own address is gone, or all ports are taken */
        return ERROR_OFFLINE;
    case ETIMEDOUT:
        return ERROR_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
    case ECONNREFUSED:
        return ERROR_CLOSED;
    default:
        return ERROR_SYSTEM;
    }
}
