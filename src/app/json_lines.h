/*
 * The JSON form of the session's events (DESIGN.md): pure functions from what is
 * known to an object; Jansson does the escaping.
 */
#ifndef BTTUI_APP_JSON_LINES_H
#define BTTUI_APP_JSON_LINES_H

#include <jansson.h>

struct message;
struct session;
struct torrent_info;

/* A new object with "event" and "time", and the torrent's "infohash" and "name" when INFO
 * is not NULL. The caller owns it; NULL when out of memory. */
json_t *json_line_new(const char *event, double wall_s, const struct torrent_info *info);

/* The object of EVENT, which concerns the torrent INFO (NULL: the session). NULL: this
 * event has no line. */
json_t *json_line_event(struct session *session, const struct message *event,
                        double wall_s, const struct torrent_info *info);
json_t *json_line_warning(const char *text, double wall_s);
/* "eta" is null when it is not known. */
json_t *json_line_progress(const struct torrent_info *info, double wall_s);

#endif
