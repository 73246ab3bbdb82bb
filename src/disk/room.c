/* Replaced by this room's first source file. */
typedef int disk_room_is_empty;
