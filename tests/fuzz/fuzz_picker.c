/* Any story of peers and blocks leaves the Piece Manager's books right. */
#include "tests/unit/piece/driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    driver_run(bytes, length < 8192 ? length : 8192);
    return 0;
}
