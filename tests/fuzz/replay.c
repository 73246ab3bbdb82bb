/*
 * Runs a fuzz target over files instead of under libFuzzer, so that every corpus
 * is replayed by any compiler: TARGET FILE...
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t length = 0, capacity = 1 << 16;
    uint8_t *bytes = malloc(capacity);
    size_t got = 0;
    while (bytes != NULL &&
           (got = fread(bytes + length, 1, capacity - length, file)) > 0) {
        length += got;
        if (length == capacity) {
            capacity *= 2;
            uint8_t *larger = realloc(bytes, capacity);
            if (larger == NULL)
                free(bytes);
            bytes = larger;
        }
    }
    fclose(file);
    if (bytes == NULL)
        return 1;
    LLVMFuzzerTestOneInput(bytes, length);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay_file(argv[i]);
    printf("%d inputs replayed\n", argc - 1);
    return failed;
}
