#include "discovery/tracker_turns.h"

#include "discovery/tracker_private.h"

#include <stdlib.h>
#include <utlist.h>

struct tracker_turns {
    struct loop *loop;
    struct loop_timer timer;     /* there is a free turn, and somebody waits for one */
    uint32_t most, taken, again; /* again: of those taken, of that rank */
    struct tracker_line *lines[TRACKER_RANK_COUNT]; /* where somebody waits */
};

/* Those that did not answer are likely not to once more: half of the turns are never
 * theirs. */
static bool has_share(const struct tracker_turns *turns, enum tracker_rank rank)
{
    return rank != TRACKER_RANK_AGAIN || turns->again < turns->most / 2;
}

/* The line whose turn is next; NULL: nobody waits who may take one. */
static struct tracker_line *next_line(const struct tracker_turns *turns)
{
    for (enum tracker_rank rank = 0; rank < TRACKER_RANK_COUNT; rank++)
        if (turns->lines[rank] != NULL && has_share(turns, rank))
            return turns->lines[rank];
    return NULL;
}

static void leave_line(struct tracker_turn *turn)
{
    struct tracker_turns *turns = turn->party->turns;
    struct tracker_line *line = &turn->party->lines[turn->rank];
    turn->waiting = false;
    DL_DELETE(line->first, turn);
    DL_DELETE(turns->lines[turn->rank], line);
    if (line->first != NULL) /* the other torrents first */
        DL_APPEND(turns->lines[turn->rank], line);
}

static void take(struct tracker_turn *turn)
{
    turn->taken = true;
    turn->party->turns->taken++;
    turn->party->turns->again += turn->rank == TRACKER_RANK_AGAIN;
}

/* No more in one go than may be under way: those that fail at once make room at once. */
static void on_timer(void *context)
{
    struct tracker_turns *turns = context;
    struct tracker_line *line = next_line(turns);
    for (uint32_t i = 0; line != NULL && i < turns->most && turns->taken < turns->most;
         i++) {
        struct tracker_turn *turn = line->first;
        leave_line(turn);
        take(turn);
        turn->on_turn(turn->context);
        line = next_line(turns);
    }
    if (line != NULL && turns->taken < turns->most)
        loop_timer_set_in(turns->loop, &turns->timer, 0);
}

struct tracker_turns *tracker_turns_new(struct loop *loop, uint32_t most)
{
    struct tracker_turns *turns = calloc(1, sizeof *turns);
    if (turns == NULL)
        return NULL;
    turns->loop = loop;
    turns->most = most;
    loop_timer_init(&turns->timer, on_timer, turns);
    return turns;
}

void tracker_turns_free(struct tracker_turns *turns)
{
    if (turns == NULL)
        return;
    loop_timer_cancel(turns->loop, &turns->timer);
    free(turns);
}

bool tracker_turns_are_wanted(const struct tracker_turns *turns)
{
    return next_line(turns) != NULL;
}

bool tracker_turn_want(struct tracker_turn *turn, enum tracker_rank rank)
{
    struct tracker_turns *turns = turn->party->turns;
    struct tracker_line *line = &turn->party->lines[rank];
    turn->rank = rank;
    if (turns->taken < turns->most && has_share(turns, rank) &&
        next_line(turns) == NULL) {
        take(turn);
        return true;
    }
    turn->waiting = true;
    if (line->first == NULL)
        DL_APPEND(turns->lines[rank], line);
    DL_APPEND(line->first, turn);
    return false;
}

void tracker_turn_give_back(struct tracker_turn *turn)
{
    struct tracker_turns *turns = turn->party->turns;
    if (turn->waiting)
        leave_line(turn);
    if (!turn->taken)
        return;
    turn->taken = false;
    turns->taken--;
    turns->again -= turn->rank == TRACKER_RANK_AGAIN;
    if (next_line(turns) != NULL && !loop_timer_is_set(&turns->timer))
        loop_timer_set_in(turns->loop, &turns->timer, 0);
}
