#include "tests/unit/peer/check_peer.h"
Suite *suite_serve(void)
{
    return suite_create("serve");
}
