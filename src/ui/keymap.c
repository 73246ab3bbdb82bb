#include "ui/keymap.h"

#include "base/i18n.h"

/* The footer shows words in this order as far as they fit. */
/* clang-format off */
const struct keymap_entry keymap[] = {
    /* ---- the list of torrents ---- */
    {ACTION_OPEN, SCOPE_TORRENTS, {KEY_RETURN, 'l', KEY_CODE_RIGHT}, "open",
     N_("details"), N_("Open the torrent's details.")},
    {ACTION_PAUSE, SCOPE_TORRENTS, {'p'}, "pause",
     N_("pause"), N_("Pause or resume the torrent, or all that are marked.")},
    {ACTION_ADD, SCOPE_TORRENTS, {'a', KEY_CODE_INSERT}, "add",
     N_("add"), N_("Add a torrent file; Tab completes its path. Pasting a path does it too.")},
    {ACTION_REMOVE, SCOPE_TORRENTS, {'d', KEY_CODE_DELETE}, "remove",
     N_("remove"), N_("Take the torrent off the list; asks first, the data stays.")},
    {ACTION_REMOVE_WITH_DATA, SCOPE_TORRENTS, {'D'}, "remove-with-data",
     NULL, N_("Take the torrent off the list and delete its data; asks first.")},
    {ACTION_UNDO, SCOPE_TORRENTS, {'z'}, "undo",
     NULL, N_("Undo the last removal, within 10 seconds, with or without data.")},
    {ACTION_PAUSE_ALL, SCOPE_TORRENTS, {'P'}, "pause-all",
     NULL, N_("Pause all torrents; resume all if every one is paused.")},

    /* ---- peers ---- */
    {ACTION_PEER_PAUSE, SCOPE_PEERS, {'p'}, "peer-pause",
     N_("pause"), N_("Pause or resume the peer, or all that are marked: a paused one stays connected, and nothing is asked of it or given to it.")},
    {ACTION_PEER_KICK, SCOPE_PEERS, {'K'}, "peer-kick",
     N_("kick"), N_("Close the connection; the peer may come back.")},
    {ACTION_PEER_BAN, SCOPE_PEERS, {'B'}, "peer-ban",
     N_("ban"), N_("Close the connection and refuse the peer from now on; asks first.")},
    {ACTION_PEER_LIMITS, SCOPE_PEERS, {'T'}, "peer-limits",
     NULL, N_("Set the limits of the peer, or of all that are marked, for this session.")},
    {ACTION_PEER_ADD, SCOPE_PEERS, {'a', KEY_CODE_INSERT}, "peer-add",
     N_("add"), N_("Connect to a peer by its address and port.")},
    {ACTION_PEER_CONNECTED, SCOPE_PEERS, {'o'}, "peer-connected",
     N_("connected"), N_("Show only connected peers, or all that are known.")},

    /* ---- pieces ---- */
    {ACTION_MAP_LAYER, SCOPE_PIECES, {'v'}, "map-layer",
     N_("layer"), N_("Show how many peers have each piece, or its state again.")},
    {ACTION_ZOOM_IN, SCOPE_PIECES, {'+', '='}, "map-zoom-in",
     N_("zoom"), N_("Fewer pieces a cell.")},
    {ACTION_ZOOM_OUT, SCOPE_PIECES, {'-'}, "map-zoom-out",
     NULL, N_("More pieces a cell, until all can be seen.")},
    {ACTION_LEFT, SCOPE_PIECES, {'h', KEY_CODE_LEFT}, "map-left",
     NULL, N_("To the cell on the left.")},
    {ACTION_RIGHT, SCOPE_PIECES, {'l', KEY_CODE_RIGHT}, "map-right",
     NULL, N_("To the cell on the right.")},

    /* ---- files ---- */
    {ACTION_FILE_WANTED, SCOPE_FILES, {' '}, "file-wanted",
     N_("wanted"), N_("Want the file or not; a folder with all that is in it.")},
    {ACTION_OPEN, SCOPE_FILES, {KEY_RETURN}, "folder",
     N_("open"), N_("Open or close the folder.")},
    {ACTION_RIGHT, SCOPE_FILES, {'l', KEY_CODE_RIGHT}, "folder-open",
     NULL, N_("Open the folder; in an open one, to its first file.")},
    {ACTION_LEFT, SCOPE_FILES, {'h', KEY_CODE_LEFT}, "folder-close",
     NULL, N_("Close the folder, or go to the folder around.")},
    {ACTION_FILE_ALL, SCOPE_FILES, {'*'}, "file-all",
     N_("all"), N_("Want all files; with a filter, all that it shows.")},
    {ACTION_FILE_NONE, SCOPE_FILES, {'0'}, "file-none",
     N_("none"), N_("Want no file; with a filter, none that it shows.")},

    {ACTION_FILE_RAISE, SCOPE_FILES, {'+', '='}, "file-raise",
     N_("earlier"), N_("Fetch the file before others: low, normal, high; a folder with all that is in it.")},
    {ACTION_FILE_LOWER, SCOPE_FILES, {'-'}, "file-lower",
     N_("later"), N_("Fetch the file after others; a folder with all that is in it.")},
    {ACTION_FILE_RAISE_ALL, SCOPE_FILES, {')'}, "file-raise-all",
     NULL, N_("Fetch all files earlier; with a filter, all that it shows.")},
    {ACTION_FILE_LOWER_ALL, SCOPE_FILES, {'('}, "file-lower-all",
     NULL, N_("Fetch all files later; with a filter, all that it shows.")},

    /* ---- trackers, graph, log ---- */
    {ACTION_TRACKER_ANNOUNCE, SCOPE_TRACKERS | SCOPE_PEERS, {'R'}, "tracker-announce",
     N_("announce"), N_("Ask the trackers for peers now, as far as they allow it.")},
    {ACTION_TRACKER_ADD, SCOPE_TRACKERS, {'a', KEY_CODE_INSERT}, "tracker-add",
     N_("add"), N_("Add a tracker by its address; it is kept with the torrent.")},
    {ACTION_TRACKER_REMOVE, SCOPE_TRACKERS, {'d', KEY_CODE_DELETE}, "tracker-remove",
     N_("remove"), N_("Remove the tracker from this torrent; asks first.")},
    {ACTION_TRACKER_ALL, SCOPE_TRACKERS, {'o'}, "tracker-all",
     N_("all torrents"), N_("Show the trackers of all torrents, a row a host, or those of this one again.")},
    {ACTION_ZOOM_IN, SCOPE_GRAPH, {')', '+', '='}, "graph-zoom-in",
     N_("less time"), N_("A shorter time in the graph.")},
    {ACTION_ZOOM_OUT, SCOPE_GRAPH, {'(', '-'}, "graph-zoom-out",
     N_("more time"), N_("A longer time in the graph, up to an hour.")},
    {ACTION_LOG_LEVEL, SCOPE_LOG, {'v'}, "log-level",
     N_("level"), N_("Show only lines from a level on: all, info, warnings, errors.")},

    /* ---- moving, anywhere ---- */
    {ACTION_UP, SCOPE_ANY, {'k', KEY_CODE_UP}, "up",
     NULL, N_("Up.")},
    {ACTION_DOWN, SCOPE_ANY, {'j', KEY_CODE_DOWN}, "down",
     NULL, N_("Down.")},
    {ACTION_PAGE_UP, SCOPE_ANY, {KEY_CODE_PAGE_UP, KEY_CONTROL('b')}, "page-up",
     NULL, N_("A page up.")},
    {ACTION_PAGE_DOWN, SCOPE_ANY, {KEY_CODE_PAGE_DOWN, KEY_CONTROL('f')}, "page-down",
     NULL, N_("A page down.")},
    {ACTION_FIRST, SCOPE_ANY, {'g', KEY_CODE_HOME}, "first",
     NULL, N_("To the beginning.")},
    {ACTION_LAST, SCOPE_ANY, {'G', KEY_CODE_END}, "last",
     NULL, N_("To the end.")},

    /* ---- tables ---- */
    {ACTION_FILTER, SCOPE_TABLE, {'/'}, "filter",
     N_("filter"), N_("Show only rows with the text you type; Esc shows all again.")},
    {ACTION_FIND_NEXT, SCOPE_TABLE, {'n'}, "find-next",
     NULL, N_("To the next row with the text of the last filter.")},
    {ACTION_FIND_PREVIOUS, SCOPE_TABLE, {'N', '#'}, "find-previous",
     NULL, N_("To the previous row with the text of the last filter.")},
    {ACTION_SORT, SCOPE_TABLE, {'s'}, "sort",
     N_("sort"), N_("Choose the column to sort by.")},
    {ACTION_SORT_LEFT, SCOPE_TABLE, {'<'}, "sort-left",
     NULL, N_("Sort by the column to the left; before the first, in the list's own order.")},
    {ACTION_SORT_RIGHT, SCOPE_TABLE, {'>'}, "sort-right",
     NULL, N_("Sort by the column to the right.")},
    {ACTION_SORT_REVERSE, SCOPE_TABLE, {'S'}, "sort-reverse",
     NULL, N_("Turn the order round.")},
    {ACTION_COLUMNS, SCOPE_TABLE, {'C'}, "columns",
     NULL, N_("Choose the columns, their order and their widths.")},
    {ACTION_COLUMN_SHOW, SCOPE_COLUMNS, {' '}, "column-show",
     NULL, N_("Show the column, or hide it.")},
    {ACTION_COLUMN_LEFT, SCOPE_COLUMNS, {'K'}, "column-left",
     NULL, N_("Move the column to the left.")},
    {ACTION_COLUMN_RIGHT, SCOPE_COLUMNS, {'J'}, "column-right",
     NULL, N_("Move the column to the right.")},
    {ACTION_COLUMN_NARROWER, SCOPE_COLUMNS, {'<', '-'}, "column-narrower",
     NULL, N_("Make the column narrower.")},
    {ACTION_COLUMN_WIDER, SCOPE_COLUMNS, {'>', '+'}, "column-wider",
     NULL, N_("Make the column wider.")},
    {ACTION_COLUMN_RESET, SCOPE_COLUMNS, {'0'}, "column-reset",
     NULL, N_("All columns as they were at first.")},
    {ACTION_MARK, SCOPE_TORRENTS | SCOPE_PEERS, {' '}, "mark",
     N_("mark"), N_("Mark the row, or take its mark away; keys then act on all marked rows.")},
    {ACTION_MARK_RANGE, SCOPE_TORRENTS | SCOPE_PEERS, {'v'}, "mark-range",
     NULL, N_("Begin to mark a range, moving marks; again to end it.")},
    {ACTION_MARK_ALL, SCOPE_TORRENTS | SCOPE_PEERS, {'A'}, "mark-all",
     NULL, N_("Mark all rows that are shown.")},
    {ACTION_UNMARK_ALL, SCOPE_TORRENTS | SCOPE_PEERS, {'U'}, "unmark-all",
     NULL, N_("Take all marks away.")},

    /* ---- the list of torrents, what a wide footer has room for ---- */
    {ACTION_START_NOW, SCOPE_TORRENTS, {'N'}, "start-now",
     N_("start now"), N_("Start the torrent now, whatever the queue says; again: it queues.")},
    {ACTION_QUEUE_UP, SCOPE_TORRENTS, {'K'}, "queue-up",
     NULL, N_("Move the torrent up in the list's own order.")},
    {ACTION_QUEUE_DOWN, SCOPE_TORRENTS, {'J'}, "queue-down",
     NULL, N_("Move the torrent down in the list's own order.")},
    {ACTION_TORRENT_LIMITS, SCOPE_TORRENTS, {'T'}, "torrent-limits",
     N_("limits"), N_("Set the limits of the torrent, or of all that are marked.")},
    {ACTION_GOAL, SCOPE_TORRENTS, {'L'}, "goal",
     N_("goal"), N_("Set where seeding the torrent ends: a ratio, minutes, stop or remove.")},
    {ACTION_LABEL, SCOPE_TORRENTS, {'b'}, "label",
     N_("label"), N_("Give the torrent a label, or all that are marked; Tab completes one in use, an empty line takes it away.")},
    {ACTION_MOVE_DATA, SCOPE_TORRENTS, {'m'}, "move-data",
     N_("move"), N_("Move the torrent's data to another directory; again ends a move that is under way.")},
    {ACTION_VERIFY, SCOPE_TORRENTS, {'c'}, "verify",
     N_("check"), N_("Check the data on disk again.")},
    {ACTION_ANNOUNCE, SCOPE_TORRENTS, {'R'}, "announce",
     NULL, N_("Ask the trackers for peers now.")},
    {ACTION_SEQUENTIAL, SCOPE_TORRENTS, {'w'}, "sequential",
     NULL, N_("Fetch the pieces in order, or the rarest first again.")},
    {ACTION_SUPER_SEED, SCOPE_TORRENTS, {'W'}, "super-seed",
     NULL, N_("Show each peer two pieces at a time, or all again (super-seeding).")},
    {ACTION_FIRST_LAST, SCOPE_TORRENTS, {'f'}, "first-last",
     NULL, N_("Fetch the first and last piece of each file first, or not.")},
    {ACTION_SHOW_ALL, SCOPE_TORRENTS, {'1'}, "show-all",
     NULL, N_("Show all torrents.")},
    {ACTION_SHOW_DOWNLOADING, SCOPE_TORRENTS, {'2'}, "show-downloading",
     NULL, N_("Show torrents that are not complete.")},
    {ACTION_SHOW_SEEDING, SCOPE_TORRENTS, {'3'}, "show-seeding",
     NULL, N_("Show torrents that seed.")},
    {ACTION_SHOW_PAUSED, SCOPE_TORRENTS, {'4'}, "show-paused",
     NULL, N_("Show paused torrents.")},
    {ACTION_SHOW_ACTIVE, SCOPE_TORRENTS, {'0'}, "show-active",
     NULL, N_("Show torrents that transfer something now.")},
    {ACTION_SHOW_ERRORS, SCOPE_TORRENTS, {'!'}, "show-errors",
     NULL, N_("Show torrents with an error.")},
    {ACTION_SHOW_LABEL, SCOPE_TORRENTS, {'B'}, "show-label",
     NULL, N_("Show only torrents with the label of this one; 1 or Esc shows all again.")},

    /* ---- details ---- */
    {ACTION_TAB_NEXT, SCOPE_ANY, {KEY_TAB, ']'}, "tab-next",
     N_("next tab"), N_("The next tab of the details.")},
    {ACTION_TAB_PREVIOUS, SCOPE_ANY, {KEY_CODE_BACK_TAB, '['}, "tab-previous",
     NULL, N_("The previous tab of the details.")},
    {ACTION_TAB_1, SCOPE_DETAIL, {'1'}, "tab-1", NULL, N_("The first tab.")},
    {ACTION_TAB_2, SCOPE_DETAIL, {'2'}, "tab-2", NULL, N_("The second tab.")},
    {ACTION_TAB_3, SCOPE_DETAIL, {'3'}, "tab-3", NULL, N_("The third tab.")},
    {ACTION_TAB_4, SCOPE_DETAIL, {'4'}, "tab-4", NULL, N_("The fourth tab.")},
    {ACTION_TAB_5, SCOPE_DETAIL, {'5'}, "tab-5", NULL, N_("The fifth tab.")},
    {ACTION_TAB_6, SCOPE_DETAIL, {'6'}, "tab-6", NULL, N_("The sixth tab.")},
    {ACTION_TAB_7, SCOPE_DETAIL, {'7'}, "tab-7", NULL, N_("The seventh tab.")},

    /* ---- anywhere ---- */
    {ACTION_BACK, SCOPE_DETAIL, {KEY_ESCAPE, 'h', KEY_CODE_LEFT, 'q'}, "back",
     N_("back"), N_("Back to the list of torrents; first ends a filter.")},
    {ACTION_BACK, SCOPE_ANY, {KEY_ESCAPE, 'h', KEY_CODE_LEFT}, "clear",
     NULL, N_("End the filter, then the marks.")},
    {ACTION_LIMITS, SCOPE_ANY, {'O'}, "limits",
     NULL, N_("Set the limits of all torrents together.")},
    {ACTION_TURTLE, SCOPE_ANY, {'t'}, "turtle",
     NULL, N_("Turtle mode on or off: other, slower limits; a schedule may change it back.")},
    {ACTION_SETTINGS, SCOPE_ANY, {KEY_CODE_F1 + 1}, "settings",
     NULL, N_("Read the configuration file again: what can change now does, and the Log tells.")},
    {ACTION_MASK, SCOPE_ANY, {'X'}, "mask",
     NULL, N_("Hide names and addresses, for a picture of the screen; again to show them.")},
    {ACTION_REDRAW, SCOPE_ANY, {KEY_CONTROL('l')}, "redraw",
     NULL, N_("Draw the whole screen again.")},
    {ACTION_LEAVE, SCOPE_ANY, {'q'}, "leave",
     N_("quit"), N_("Quit; asks first.")},
    {ACTION_QUIT, SCOPE_ANY, {'Q'}, "quit",
     NULL, N_("Quit at once: trackers are told, the session is kept.")},
    {ACTION_HELP, SCOPE_ANY, {'?', KEY_CODE_F1}, "help",
     N_("help"), N_("Show this help.")},
};
/* clang-format on */
const size_t keymap_count = sizeof keymap / sizeof *keymap;

/* How special ENTRY is in SCOPES; 0: it does not apply. */
static int rank_of(const struct keymap_entry *entry, uint32_t scopes)
{
    const uint32_t common = entry->scopes & scopes;
    if (common == 0)
        return 0;
    if ((common & ~(uint32_t)(SCOPE_ANY | SCOPE_DETAIL | SCOPE_TABLE)) != 0)
        return 4;
    return (common & SCOPE_TABLE) != 0 ? 3 : (common & SCOPE_DETAIL) != 0 ? 2 : 1;
}

static bool has_key(const struct keymap_entry *entry, uint32_t key)
{
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (entry->keys[i] == key)
            return key != 0;
    return false;
}

static const struct keymap_entry *find_entry(uint32_t scopes, uint32_t key)
{
    const struct keymap_entry *best = NULL;
    for (size_t i = 0; i < keymap_count; i++)
        if (has_key(&keymap[i], key) &&
            rank_of(&keymap[i], scopes) > (best != NULL ? rank_of(best, scopes) : 0))
            best = &keymap[i];
    return best;
}

enum action keymap_find(uint32_t scopes, uint32_t key)
{
    const struct keymap_entry *entry = find_entry(scopes, key);
    return entry != NULL ? entry->action : ACTION_NONE;
}

uint32_t keymap_key(const struct keymap_entry *entry, uint32_t scopes)
{
    for (size_t i = 0; i < KEYMAP_KEYS; i++)
        if (entry->keys[i] != 0 && find_entry(scopes, entry->keys[i]) == entry)
            return entry->keys[i];
    return 0;
}
