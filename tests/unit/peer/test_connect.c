#include "tests/unit/peer/check_peer.h"
Suite *suite_connect(void)
{
    return suite_create("connect");
}
