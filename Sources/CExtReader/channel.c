#include "channel.h"
#include "CExtReader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char part[64 << 10];
static size_t part_length;

void vitrine_receive(void *buffer, size_t count) {
    char *next = buffer;
    while (count > 0) {
        ssize_t done = read(STDIN_FILENO, next, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) _exit(0);
        next += done;
        count -= (size_t)done;
    }
}

static void send_all(const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t done = write(STDIN_FILENO, next, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) _exit(0);
        next += done;
        count -= (size_t)done;
    }
}

static void send_frame(uint32_t kind, const void *bytes, size_t count) {
    struct vitrine_frame frame = {.kind = kind, .length = (uint32_t)count};
    send_all(&frame, sizeof frame);
    send_all(bytes, count);
}

void vitrine_put(const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        size_t room = sizeof part - part_length;
        size_t now = count < room ? count : room;
        memcpy(part + part_length, next, now);
        part_length += now;
        next += now;
        count -= now;
        if (part_length < sizeof part) return;
        send_frame(VITRINE_PART, part, part_length);
        part_length = 0;
    }
}

void vitrine_finish(const char *error) {
    if (part_length > 0) send_frame(VITRINE_PART, part, part_length);
    part_length = 0;
    send_frame(VITRINE_END, error, error == NULL ? 0 : strnlen(error, 255));
}

int vitrine_fetch(uint64_t offset, void *buffer, uint64_t count) {
    struct vitrine_range range = {.offset = offset, .count = count};
    send_frame(VITRINE_WANTED, &range, sizeof range);
    uint32_t answer;
    vitrine_receive(&answer, sizeof answer);
    if (answer == 0) return -1;
    vitrine_receive(buffer, count);
    return 0;
}
