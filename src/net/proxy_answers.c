#include "net/proxy_answers.h"

#include "base/clock.h"

#define ANSWER_NS (15 * NS_PER_S)

static void sent_to_name(struct proxy_answers *answers, const struct netaddr *name,
                         uint64_t now_ns)
{
    for (uint32_t i = 0; i < PROXY_ANSWERS_NAMES; i++) {
        if (!netaddr_equal(&answers->names[i].name, name))
            continue;
        answers->names[i].asked_ns = now_ns;
        return;
    }
    const uint32_t at = answers->next++ % PROXY_ANSWERS_NAMES;
    answers->names[at].name = *name;
    answers->names[at].from = (struct netaddr){.family = NETADDR_NONE};
    answers->names[at].asked_ns = now_ns;
}

void proxy_answers_sent(struct proxy_answers *answers, const struct netaddr *to,
                        bool is_name, uint64_t now_ns)
{
    if (is_name)
        sent_to_name(answers, to, now_ns);
    else if (answers->next > 0) /* nobody needs to know before */
        answers->sent[answers->sent_count++ % PROXY_ANSWERS_SENT] = *to;
}

static bool was_sent_to(const struct proxy_answers *answers, const struct netaddr *from)
{
    for (uint32_t i = 0; i < PROXY_ANSWERS_SENT; i++)
        if (netaddr_equal(&answers->sent[i], from))
            return true;
    return false;
}

struct netaddr proxy_answers_from(struct proxy_answers *answers,
                                  const struct netaddr *from, uint64_t now_ns)
{
    for (uint32_t i = 0; i < PROXY_ANSWERS_NAMES && i < answers->next; i++)
        if (netaddr_equal(&answers->names[i].from, from))
            return answers->names[i].name;
    for (uint32_t i = 0; i < PROXY_ANSWERS_NAMES && i < answers->next; i++) {
        if (answers->names[i].asked_ns == UINT64_MAX ||
            now_ns - answers->names[i].asked_ns > ANSWER_NS ||
            answers->names[i].name.port != from->port || was_sent_to(answers, from))
            continue;
        answers->names[i].from = *from;
        answers->names[i].asked_ns = UINT64_MAX;
        return answers->names[i].name;
    }
    return *from;
}
