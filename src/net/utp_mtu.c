#include "net/utp_mtu.h"

#define NEAR_BYTES 16u

void utp_mtu_init(struct utp_mtu *mtu, bool v6)
{
    /* 1280 and 1500 bytes without the headers of IP and UDP; of IPv4, 576 */
    *mtu = (struct utp_mtu){
        .passes = 1232,
        .fails = (v6 ? 1452u : UTP_MTU_MAX) + 1,
        .least = v6 ? 1232 : 548,
    };
}

uint32_t utp_mtu_wanted(const struct utp_mtu *mtu)
{
    if (mtu->probe != 0 || mtu->fails - mtu->passes <= NEAR_BYTES)
        return 0;
    /* Most ways are Ethernet's all along. */
    if (mtu->fails == 1473 || mtu->fails == 1453)
        return mtu->fails - 1;
    return (mtu->passes + mtu->fails) / 2;
}

void utp_mtu_sent(struct utp_mtu *mtu, uint32_t bytes)
{
    mtu->probe = bytes;
}

void utp_mtu_arrived(struct utp_mtu *mtu)
{
    if (mtu->probe > mtu->passes)
        mtu->passes = mtu->probe;
    mtu->probe = 0;
    mtu->lost = 0;
}

void utp_mtu_lost(struct utp_mtu *mtu, bool certain)
{
    const uint32_t bytes = mtu->probe;
    mtu->probe = 0;
    if (bytes == 0 || (!certain && ++mtu->lost < 2))
        return;
    mtu->lost = 0;
    if (bytes > mtu->passes && bytes < mtu->fails)
        mtu->fails = bytes;
}

void utp_mtu_black_hole(struct utp_mtu *mtu)
{
    if (mtu->passes > mtu->least) {
        mtu->fails = mtu->passes;
        mtu->passes = mtu->least;
    }
    mtu->probe = 0;
    mtu->lost = 0;
}
