/* Replaced by this room's first source file. */
typedef int discovery_room_is_empty;
