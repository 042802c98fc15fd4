#ifndef VITRINE_IMAGE_H
#define VITRINE_IMAGE_H

#include <ext2fs/ext2fs.h>

/// Reads the file system of `size` bytes that the other process has.
io_manager vitrine_image(uint64_t size);

#endif
