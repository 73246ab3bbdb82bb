/* Replaced by this room's first source file. */
typedef int loop_room_is_empty;
