/* Replaced by this room's first source file. */
typedef int base_room_is_empty;
