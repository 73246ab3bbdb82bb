#include "tests/unit/peer/check_peer.h"
Suite *suite_requests(void)
{
    return suite_create("requests");
}
