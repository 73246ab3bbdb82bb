/* Replaced by this room's first source file. */
typedef int meta_room_is_empty;
