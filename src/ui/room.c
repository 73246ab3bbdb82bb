/* Replaced by this room's first source file. */
typedef int ui_room_is_empty;
