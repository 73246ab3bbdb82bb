/* Replaced by this room's first source file. */
typedef int torrent_room_is_empty;
