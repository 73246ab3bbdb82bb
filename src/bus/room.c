/* Replaced by this room's first source file. */
typedef int bus_room_is_empty;
