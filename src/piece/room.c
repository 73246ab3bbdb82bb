/* Replaced by this room's first source file. */
typedef int piece_room_is_empty;
