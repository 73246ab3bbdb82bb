#include "ui/frame_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static FILE *memory_file(void)
{
    const int fd = memfd_create("bttui-frame", MFD_CLOEXEC);
    if (fd < 0)
        return tmpfile();
    FILE *file = fdopen(fd, "w+");
    if (file == NULL)
        close(fd);
    return file;
}

bool frame_bytes_init(struct frame_bytes *frame)
{
    *frame = (struct frame_bytes){.file = memory_file()};
    return frame->file != NULL;
}

void frame_bytes_done(struct frame_bytes *frame)
{
    if (frame->file != NULL)
        fclose(frame->file);
    free(frame->bytes);
}

void frame_bytes_append(struct frame_bytes *frame, const char *bytes, size_t length)
{
    if (length > frame->capacity - frame->length) {
        const size_t capacity = (frame->length + length) * 2;
        char *grown = realloc(frame->bytes, capacity);
        if (grown == NULL)
            return;
        frame->bytes = grown;
        frame->capacity = capacity;
    }
    memcpy(frame->bytes + frame->length, bytes, length);
    frame->length += length;
}

void frame_bytes_collect(struct frame_bytes *frame)
{
    char chunk[4096];
    off_t at = 0;
    ssize_t got;
    fflush(frame->file);
    const int fd = fileno(frame->file);
    while ((got = pread(fd, chunk, sizeof chunk, at)) > 0) {
        frame_bytes_append(frame, chunk, (size_t)got);
        at += got;
    }
    if (ftruncate(fd, 0) == 0)
        lseek(fd, 0, SEEK_SET);
}

void frame_bytes_drop(struct frame_bytes *frame, size_t begin, const char *text)
{
    const size_t length = strlen(text);
    char *at = memmem(frame->bytes + begin, frame->length - begin, text, length);
    if (at == NULL)
        return;
    frame->length -= length;
    memmove(at, at + length, (size_t)(frame->bytes + frame->length - at));
}

const char *frame_bytes_take(struct frame_bytes *frame, size_t *ret_length)
{
    *ret_length = frame->length;
    frame->length = 0;
    return frame->bytes;
}
