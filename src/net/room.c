/* Replaced by this room's first source file. */
typedef int net_room_is_empty;
