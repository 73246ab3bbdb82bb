#include "app/bind_check.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "net/bind.h"

#include <stdio.h>

/* One that is there and down is waited for. */
bool bind_check(const char *text, char *message, size_t message_size)
{
    char shown[128];
    struct net_bind *bind = net_bind_new(text);
    const bool fine = bind != NULL && net_bind_state(bind) != NET_BIND_GONE;
    text_clean(text_untrusted(text), 60, shown, sizeof shown);
    if (bind == NULL)
        snprintf(message, message_size, "%s", error_text(ERROR_MEMORY));
    else if (!fine)
        snprintf(message, message_size,
                 _("--bind: “%s” is no address or interface of this machine"), shown);
    net_bind_free(bind);
    return fine;
}
