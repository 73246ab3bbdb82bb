#include "tests/unit/peer/check_peer.h"
Suite *suite_pace(void)
{
    return suite_create("pace");
}
