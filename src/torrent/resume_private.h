/* How resume.h's parts lie in their bytes, for those who write and read them. */
#ifndef BTTUI_TORRENT_RESUME_PRIVATE_H
#define BTTUI_TORRENT_RESUME_PRIVATE_H

#define RESUME_STAMP_BYTES     32u
#define RESUME_PATH_HEAD_BYTES 6u /* the file's number, the length of its path */
#define RESUME_PORT_BYTES      2u

#endif
