/* Replaced by this room's first source file. */
typedef int app_room_is_empty;
