#include "base/sha1_lanes.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,ssse3,sse4.1")))
#define INLINE   WITH_SHA static inline __attribute__((always_inline))

/* At -O2 one of them leaves loops of three or four as they are; the other does not know
 * the word for it. */
#ifdef __clang__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

/* One message: its state, and 16 words of its schedule, four a register. */
struct lane {
    __m128i abcd, e[2];
    __m128i w[4];
    __m128i abcd_before, e_before;
};

/* Four rounds, the STEP-th of 20, in every lane before the next: what makes it fast. */
INLINE void rounds(struct lane *lane, uint32_t count, int step)
{
    const int now = step & 1;
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        struct lane *l = &lane[i];
        const __m128i w = l->w[step & 3];
        l->e[now] =
            step == 0 ? _mm_add_epi32(l->e[0], w) : _mm_sha1nexte_epu32(l->e[now], w);
        l->e[!now] = l->abcd;
        switch (step / 5) { /* the instruction wants a constant */
        case 0:
            l->abcd = _mm_sha1rnds4_epu32(l->abcd, l->e[now], 0);
            break;
        case 1:
            l->abcd = _mm_sha1rnds4_epu32(l->abcd, l->e[now], 1);
            break;
        case 2:
            l->abcd = _mm_sha1rnds4_epu32(l->abcd, l->e[now], 2);
            break;
        default:
            l->abcd = _mm_sha1rnds4_epu32(l->abcd, l->e[now], 3);
            break;
        }
        /* The words of step + 3; those of the first four came from the message. */
        if (step >= 1 && step <= 16) {
            __m128i *next = &l->w[(step + 3) & 3];
            *next = _mm_sha1msg1_epu32(*next, l->w[step & 3]);
            *next = _mm_xor_si128(*next, l->w[(step + 1) & 3]);
            *next = _mm_sha1msg2_epu32(*next, l->w[(step + 2) & 3]);
        }
    }
}

INLINE void load(struct lane *lane, uint32_t count, const uint8_t *const *bytes,
                 size_t at)
{
    const __m128i swap =
        _mm_set_epi64x(INT64_C(0x0001020304050607), INT64_C(0x08090a0b0c0d0e0f));
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        lane[i].abcd_before = lane[i].abcd;
        lane[i].e_before = lane[i].e[0];
        UNROLL
        for (size_t k = 0; k < 4; k++)
            lane[i].w[k] = _mm_shuffle_epi8(
                _mm_loadu_si128((const __m128i *)(const void *)(bytes[i] + at + 16 * k)),
                swap);
    }
}

INLINE void chunks(struct sha1_lanes *lanes, uint32_t count, const uint8_t *const *bytes,
                   size_t length)
{
    struct lane lane[SHA1_LANES_MAX];
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        lane[i].abcd = _mm_shuffle_epi32(
            _mm_loadu_si128((const __m128i *)(const void *)lanes->state[i]), 0x1b);
        lane[i].e[0] = _mm_set_epi32((int)lanes->state[i][4], 0, 0, 0);
    }
    for (size_t at = 0; at < length; at += SHA1_LANES_CHUNK) {
        load(lane, count, bytes, at);
#define FIVE(n)                                                                          \
    rounds(lane, count, (n));                                                            \
    rounds(lane, count, (n) + 1);                                                        \
    rounds(lane, count, (n) + 2);                                                        \
    rounds(lane, count, (n) + 3);                                                        \
    rounds(lane, count, (n) + 4);
        FIVE(0)
        FIVE(5)
        FIVE(10)
        FIVE(15)
#undef FIVE
        UNROLL
        for (uint32_t i = 0; i < count; i++) {
            lane[i].e[0] = _mm_sha1nexte_epu32(lane[i].e[0], lane[i].e_before);
            lane[i].abcd = _mm_add_epi32(lane[i].abcd, lane[i].abcd_before);
        }
    }
    UNROLL
    for (uint32_t i = 0; i < count; i++) {
        _mm_storeu_si128((__m128i *)(void *)lanes->state[i],
                         _mm_shuffle_epi32(lane[i].abcd, 0x1b));
        lanes->state[i][4] = (uint32_t)_mm_extract_epi32(lane[i].e[0], 3);
    }
}

/* A constant count for the compiler, which then keeps all lanes in registers. */
WITH_SHA static void chunks_of(struct sha1_lanes *lanes, const uint8_t *const *bytes,
                               size_t length)
{
    if (lanes->count == 2)
        chunks(lanes, 2, bytes, length);
    else if (lanes->count == 3)
        chunks(lanes, 3, bytes, length);
    else
        chunks(lanes, 4, bytes, length);
}

static uint32_t ask_processor(void)
{
    unsigned a, b, c, d, b7;
    const bool has_sha = __get_cpuid_count(7, 0, &a, &b7, &c, &d) != 0 &&
                         (b7 & bit_SHA) != 0 && __get_cpuid(1, &a, &b, &c, &d) != 0 &&
                         (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0;
    return has_sha ? SHA1_LANES_MAX : 1;
}

/* Asked once: a virtual machine is left and entered again for each answer. */
uint32_t sha1_lanes_most(void)
{
    static _Atomic uint32_t most;
    uint32_t lanes = most;
    if (lanes == 0)
        most = lanes = ask_processor();
    return lanes;
}

#else

uint32_t sha1_lanes_most(void)
{
    return 1;
}

static void chunks_of(struct sha1_lanes *lanes, const uint8_t *const *bytes,
                      size_t length)
{
    (void)lanes, (void)bytes, (void)length; /* nobody may begin here */
}

#endif

void sha1_lanes_begin(struct sha1_lanes *lanes, uint32_t count)
{
    static const uint32_t first[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                     0xc3d2e1f0};
    for (uint32_t i = 0; i < count; i++)
        memcpy(lanes->state[i], first, sizeof first);
    lanes->bytes = 0;
    lanes->count = count;
}

void sha1_lanes_update(struct sha1_lanes *lanes, const uint8_t *const *bytes,
                       size_t length)
{
    chunks_of(lanes, bytes, length);
    lanes->bytes += length;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void sha1_lanes_final(struct sha1_lanes *lanes,
                      uint8_t ret_digests[SHA1_LANES_MAX][SHA1_BYTES])
{
    uint8_t end[SHA1_LANES_CHUNK] = {0x80};
    const uint8_t *ends[SHA1_LANES_MAX] = {end, end, end, end};
    put_be32(end + 56, (uint32_t)(lanes->bytes >> 29));
    put_be32(end + 60, (uint32_t)(lanes->bytes << 3));
    chunks_of(lanes, ends, sizeof end);
    for (uint32_t i = 0; i < lanes->count; i++)
        for (size_t k = 0; k < SHA1_BYTES / 4; k++)
            put_be32(ret_digests[i] + 4 * k, lanes->state[i][k]);
}
