// Answers requests with what libext2fs finds.

#include "CExtReader.h"
#include "channel.h"
#include "image.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// The longest target of a symbolic link (PATH_MAX of Linux).
enum { longest_link = 4096 };

static ext2_filsys fs;

static errcode_t open_filesystem(uint64_t size) {
    if (fs != NULL) return EXT2_ET_INVALID_ARGUMENT;
    io_manager manager = vitrine_image(size);
    if (manager == NULL) return EXT2_ET_NO_MEMORY;
    // A journal is not looked at, whatever it holds.
    return ext2fs_open2("image", NULL, EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP, 0, 0, manager, &fs);
}

/// Reads the inode `number`. The first part of `inode` is an ext2_inode.
static errcode_t read_inode(uint64_t number, struct ext2_inode_large *inode) {
    memset(inode, 0, sizeof *inode);
    if (number > UINT32_MAX) return EXT2_ET_BAD_INODE_NUM;
    return ext2fs_read_inode_full(fs, (ext2_ino_t)number, (struct ext2_inode *)inode, sizeof *inode);
}

/// Whether the field of `inode` is there: old inodes end after 128 bytes, others say how long they are.
#define HAS(inode, field) \
    (EXT2_INODE_SIZE(fs->super) > EXT2_GOOD_OLD_INODE_SIZE && \
     offsetof(struct ext2_inode_large, field) + sizeof (inode)->field <= \
         (size_t)EXT2_GOOD_OLD_INODE_SIZE + (inode)->i_extra_isize)

static errcode_t put_inode(uint64_t number) {
    struct ext2_inode_large inode;
    errcode_t error = read_inode(number, &inode);
    if (error != 0) return error;
    struct vitrine_inode result = {
        .size = EXT2_I_SIZE(&inode),
        .seconds = (int32_t)inode.i_mtime,
        .mode = inode.i_mode,
        .user = inode_uid(inode),
        .group = inode_gid(inode),
        .links = inode.i_links_count,
    };
    if (HAS(&inode, i_mtime_extra)) {
        // Two bits for the years after 2038, and nanoseconds.
        result.seconds += (int64_t)(inode.i_mtime_extra & 3) << 32;
        result.nanoseconds = inode.i_mtime_extra >> 2;
    }
    if (inode.i_block[0] != 0) {
        result.major = inode.i_block[0] >> 8 & 0xFF;
        result.minor = inode.i_block[0] & 0xFF;
    } else {
        result.major = inode.i_block[1] >> 8 & 0xFFF;
        result.minor = (inode.i_block[1] & 0xFF) | (inode.i_block[1] >> 12 & 0xFFF00);
    }
    if (inode.i_flags & EXT4_ENCRYPT_FL) result.flags |= VITRINE_ENCRYPTED;
    if (inode.i_flags & EXT4_INLINE_DATA_FL) result.flags |= VITRINE_IN_INODE;
    vitrine_put(&result, sizeof result);
    return 0;
}

static errcode_t put_lookup(uint64_t directory, const char *name, uint32_t length) {
    ext2_ino_t found = 0;
    errcode_t error = ext2fs_lookup(fs, (ext2_ino_t)directory, name, (int)length, NULL, &found);
    if (error == EXT2_ET_FILE_NOT_FOUND) return 0;
    if (error == 0) vitrine_put(&found, sizeof found);
    return error;
}

static int put_entry(ext2_ino_t directory, int kind, struct ext2_dir_entry *entry, int offset, int size, char *block,
                     void *context) {
    struct vitrine_entry result = {.inode = entry->inode, .length = (uint32_t)ext2fs_dirent_name_len(entry)};
    vitrine_put(&result, sizeof result);
    vitrine_put(entry->name, result.length);
    return 0;
}

static errcode_t put_link(uint64_t number) {
    struct ext2_inode_large inode;
    errcode_t error = read_inode(number, &inode);
    if (error != 0) return error;
    if (!LINUX_S_ISLNK(inode.i_mode)) return EXT2_ET_INVALID_ARGUMENT;
    uint64_t size = EXT2_I_SIZE(&inode);
    if (size > longest_link) return EXT2_ET_FILE_TOO_BIG;
    if (!(inode.i_flags & EXT4_INLINE_DATA_FL) && ext2fs_is_fast_symlink((struct ext2_inode *)&inode)) {
        if (size > sizeof inode.i_block) return EXT2_ET_INODE_CORRUPTED;
        vitrine_put(inode.i_block, size);
        return 0;
    }
    ext2_file_t file;
    error = ext2fs_file_open2(fs, (ext2_ino_t)number, (struct ext2_inode *)&inode, 0, &file);
    if (error != 0) return error;
    char target[longest_link];
    unsigned int count = 0;
    error = ext2fs_file_read(file, target, (unsigned int)size, &count);
    if (error == 0) vitrine_put(target, count);
    ext2fs_file_close(file);
    return error;
}

/// The extent that grows while the blocks after it follow it.
static struct vitrine_extent pending;

static void put_pending(void) {
    if (pending.count > 0) vitrine_put(&pending, sizeof pending);
    pending.count = 0;
}

static errcode_t add_extent(uint64_t block, uint64_t place, uint64_t count) {
    struct vitrine_extent extent;
    if (__builtin_mul_overflow(block, (uint64_t)fs->blocksize, &extent.offset)
        || __builtin_mul_overflow(place, (uint64_t)fs->blocksize, &extent.place)
        || __builtin_mul_overflow(count, (uint64_t)fs->blocksize, &extent.count))
        return EXT2_ET_INODE_CORRUPTED;
    if (pending.count > 0 && pending.offset + pending.count == extent.offset
        && pending.place + pending.count == extent.place) {
        pending.count += extent.count;
    } else {
        put_pending();
        pending = extent;
    }
    return 0;
}

static int add_block(ext2_filsys filesystem, blk64_t *place, e2_blkcnt_t block, blk64_t parent, int offset, void *context) {
    // Blocks of the tree have negative numbers.
    if (block < 0 || *place == 0) return 0;
    errcode_t *error = context;
    *error = add_extent((uint64_t)block, *place, 1);
    return *error == 0 ? 0 : BLOCK_ABORT;
}

static errcode_t add_tree(ext2_ino_t number, struct ext2_inode_large *inode) {
    ext2_extent_handle_t tree;
    errcode_t error = ext2fs_extent_open2(fs, number, (struct ext2_inode *)inode, &tree);
    if (error != 0) return error;
    struct ext2fs_extent extent;
    for (int step = EXT2_EXTENT_ROOT; error == 0; step = EXT2_EXTENT_NEXT) {
        error = ext2fs_extent_get(tree, step, &extent);
        if (error != 0 || !(extent.e_flags & EXT2_EXTENT_FLAGS_LEAF)) continue;
        // What is set aside and was never written reads as zeroes.
        if (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) continue;
        error = add_extent(extent.e_lblk, extent.e_pblk, extent.e_len);
    }
    ext2fs_extent_free(tree);
    return error == EXT2_ET_EXTENT_NO_NEXT ? 0 : error;
}

static errcode_t put_extents(uint64_t number) {
    struct ext2_inode_large inode;
    errcode_t error = read_inode(number, &inode);
    if (error != 0) return error;
    pending.count = 0;
    if (inode.i_flags & EXT4_EXTENTS_FL) {
        error = add_tree((ext2_ino_t)number, &inode);
    } else if (ext2fs_inode_has_valid_blocks2(fs, (struct ext2_inode *)&inode)) {
        errcode_t failure = 0;
        int flags = BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY;
        error = ext2fs_block_iterate3(fs, (ext2_ino_t)number, flags, NULL, add_block, &failure);
        if (error == 0) error = failure;
    }
    if (error == 0) put_pending();
    return error;
}

static errcode_t put_inline(uint64_t number) {
    struct ext2_inode_large inode;
    size_t size = 0;
    errcode_t error = read_inode(number, &inode);
    if (error == 0) error = ext2fs_inline_data_size(fs, (ext2_ino_t)number, &size);
    if (error != 0) return error;
    // It lies in an inode, which is no larger than a block.
    if (size > EXT2_MAX_BLOCK_SIZE) return EXT2_ET_INODE_CORRUPTED;
    char *bytes = malloc(size + EXT2_MAX_BLOCK_SIZE);
    if (bytes == NULL) return EXT2_ET_NO_MEMORY;
    error = ext2fs_inline_data_get(fs, (ext2_ino_t)number, (struct ext2_inode *)&inode, bytes, &size);
    if (error == 0) vitrine_put(bytes, size);
    free(bytes);
    return error;
}

static int put_attribute(char *name, char *value, size_t length, void *context) {
    // The data of a file in its inode lies in one that users do not see.
    if (strcmp(name, "system.data") == 0) return 0;
    struct vitrine_attribute result = {.name_length = (uint32_t)strlen(name), .value_length = (uint32_t)length};
    vitrine_put(&result, sizeof result);
    vitrine_put(name, result.name_length);
    vitrine_put(value, length);
    return 0;
}

static errcode_t put_attributes(uint64_t number) {
    struct ext2_xattr_handle *attributes;
    if (number > UINT32_MAX) return EXT2_ET_BAD_INODE_NUM;
    errcode_t error = ext2fs_xattrs_open(fs, (ext2_ino_t)number, &attributes);
    if (error != 0) return error;
    error = ext2fs_xattrs_read(attributes);
    if (error == 0) error = ext2fs_xattrs_iterate(attributes, put_attribute, NULL);
    ext2fs_xattrs_close(&attributes);
    return error;
}

static errcode_t answer(const struct vitrine_request *request, const char *name) {
    if (request->kind == VITRINE_OPEN) return open_filesystem(request->argument);
    if (fs == NULL) return EXT2_ET_INVALID_ARGUMENT;
    switch (request->kind) {
    case VITRINE_INODE: return put_inode(request->argument);
    case VITRINE_LOOKUP: return put_lookup(request->argument, name, request->length);
    case VITRINE_LIST:
        return ext2fs_dir_iterate2(fs, (ext2_ino_t)request->argument, 0, NULL, put_entry, NULL);
    case VITRINE_LINK: return put_link(request->argument);
    case VITRINE_EXTENTS: return put_extents(request->argument);
    case VITRINE_INLINE: return put_inline(request->argument);
    case VITRINE_ATTRIBUTES: return put_attributes(request->argument);
    default: return EXT2_ET_INVALID_ARGUMENT;
    }
}

_Noreturn void vitrine_read_ext(void) {
    initialize_ext2_error_table();
    const char *failure = vitrine_enter_sandbox();
    struct vitrine_request request;
    char name[256];
    for (;;) {
        vitrine_receive(&request, sizeof request);
        if (request.length >= sizeof name) _exit(2);
        vitrine_receive(name, request.length);
        name[request.length] = 0;
        if (failure != NULL) {
            vitrine_finish(failure);
            continue;
        }
        vitrine_limit_time();
        errcode_t error = answer(&request, name);
        vitrine_finish(error == 0 ? NULL : error_message(error));
    }
}
