/* Replaced by this room's first source file. */
typedef int peer_room_is_empty;
