// The file system as libext2fs reads it: by the other process, through an io_manager.

#include "image.h"
#include "channel.h"

#include <stdlib.h>
#include <string.h>

/// Inodes and descriptors of groups lie side by side, so that pieces are kept. Each question to the other process takes some 20 µs.
enum { piece_size = 64 << 10, pieces = 64 };

struct piece {
    uint64_t number;
    int is_filled;
    char bytes[piece_size];
};

static uint64_t image_size;
static struct piece *kept;

static errcode_t read_bytes(uint64_t offset, char *buffer, uint64_t count) {
    if (offset > image_size || count > image_size - offset) return EXT2_ET_SHORT_READ;
    while (count > 0) {
        uint64_t number = offset / piece_size, inside = offset % piece_size;
        uint64_t now = piece_size - inside < count ? piece_size - inside : count;
        struct piece *piece = &kept[number % pieces];
        if (!piece->is_filled || piece->number != number) {
            uint64_t start = number * piece_size;
            uint64_t length = image_size - start < piece_size ? image_size - start : piece_size;
            piece->is_filled = 0;
            if (vitrine_fetch(start, piece->bytes, length) != 0) {
                // Just a part of it may be unreadable.
                if (vitrine_fetch(offset, buffer, now) != 0) return EXT2_ET_SHORT_READ;
                goto next;
            }
            piece->number = number;
            piece->is_filled = 1;
        }
        memcpy(buffer, piece->bytes + inside, now);
    next:
        offset += now;
        buffer += now;
        count -= now;
    }
    return 0;
}

static errcode_t read_blocks(io_channel channel, unsigned long long block, int count, void *data) {
    // A negative count is one of bytes.
    uint64_t unit = (uint64_t)channel->block_size;
    uint64_t length = count < 0 ? (uint64_t)-(int64_t)count : (uint64_t)count * unit;
    uint64_t offset;
    if (__builtin_mul_overflow((uint64_t)block, unit, &offset)) return EXT2_ET_SHORT_READ;
    return read_bytes(offset, data, length);
}

static errcode_t read_few_blocks(io_channel channel, unsigned long block, int count, void *data) {
    return read_blocks(channel, block, count, data);
}

static errcode_t write_blocks(io_channel channel, unsigned long long block, int count, const void *data) {
    return EXT2_ET_RO_FILSYS;
}

static errcode_t write_few_blocks(io_channel channel, unsigned long block, int count, const void *data) {
    return EXT2_ET_RO_FILSYS;
}

static errcode_t set_block_size(io_channel channel, int size) {
    if (size <= 0) return EXT2_ET_INVALID_ARGUMENT;
    channel->block_size = size;
    return 0;
}

static errcode_t flush(io_channel channel) { return 0; }

static errcode_t close_image(io_channel channel) {
    free(channel->name);
    free(channel);
    return 0;
}

static errcode_t open_image(const char *name, int flags, io_channel *result);

static struct struct_io_manager manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "vitrine",
    .open = open_image,
    .close = close_image,
    .set_blksize = set_block_size,
    .read_blk = read_few_blocks,
    .write_blk = write_few_blocks,
    .flush = flush,
    .read_blk64 = read_blocks,
    .write_blk64 = write_blocks,
};

static errcode_t open_image(const char *name, int flags, io_channel *result) {
    io_channel channel = calloc(1, sizeof *channel);
    if (channel == NULL) return EXT2_ET_NO_MEMORY;
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = &manager;
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->name = strdup(name);
    if (channel->name == NULL) {
        free(channel);
        return EXT2_ET_NO_MEMORY;
    }
    *result = channel;
    return 0;
}

io_manager vitrine_image(uint64_t size) {
    image_size = size;
    if (kept == NULL) kept = calloc(pieces, sizeof *kept);
    return kept == NULL ? NULL : &manager;
}
