/* Trackers that people add to a torrent, and take away from it; kept with its resume
 * data. */
#include "torrent/torrent.h"

#include <string.h>

static void note_change(struct torrent *torrent)
{
    torrent_choice_changed(torrent);
    session_changed(torrent, CHANGED_TRACKERS | CHANGED_STATE);
}

enum error_code torrent_add_tracker(struct session *session, struct torrent_id id,
                                    const char *url)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    if (!metainfo_url_is_usable(url, strlen(url), true))
        return ERROR_INVALID;
    enum error_code error = tracker_manager_add(torrent->trackers, url);
    if (error != ERROR_NONE)
        return error;
    /* One of the torrent's own has come back. */
    if (!resume_urls_drop(&torrent->resume.trackers_removed, url))
        error = resume_urls_add(&torrent->resume.trackers_added, url, strlen(url));
    note_change(torrent);
    return error;
}

void torrent_remove_tracker(struct session *session, struct torrent_id id,
                            uint32_t tracker)
{
    struct torrent *torrent = session_torrent(session, id);
    struct tracker_row row;
    uint32_t number = 0;
    if (torrent == NULL)
        return;
    torrent_run(torrent); /* what trackers have said goes by their numbers */
    while (tracker_manager_row(torrent->trackers, number, &row) && row.id != tracker)
        number++;
    if (number == tracker_manager_count(torrent->trackers))
        return;
    if (!resume_urls_drop(&torrent->resume.trackers_added, row.whole_url) &&
        resume_urls_add(&torrent->resume.trackers_removed, row.whole_url,
                        strlen(row.whole_url)) != ERROR_NONE)
        return; /* it would come back */
    tracker_manager_remove(torrent->trackers, number);
    note_change(torrent);
}

void torrent_take_trackers(struct torrent *torrent)
{
    const struct resume_urls *removed = &torrent->resume.trackers_removed;
    const struct resume_urls *added = &torrent->resume.trackers_added;
    struct tracker_row row;
    for (uint32_t i = 0; i < removed->count; i++)
        for (uint32_t number = 0; tracker_manager_row(torrent->trackers, number, &row);
             number++)
            if (strcmp(row.whole_url, removed->texts[i]) == 0)
                tracker_manager_remove(torrent->trackers, number--);
    for (uint32_t i = 0; i < added->count; i++)
        if (tracker_manager_add(torrent->trackers, added->texts[i]) == ERROR_MEMORY)
            log_write(torrent->session->log, LOG_LEVEL_WARNING,
                      "%s: a tracker was not added", torrent->display_name);
}
