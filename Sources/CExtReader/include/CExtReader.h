// A process that reads the metadata of ext2, ext3 and ext4 with libext2fs, for the process that started it.
//
// It reads bytes that may be made to break it, so it has a socket and nothing else: see sandbox.c. The other process gives it
// the bytes of the file system over that socket, and expects nothing good of what comes back.
//
// All numbers are in the order of this machine. The starter sends a `vitrine_request`, and the `length` bytes of its name. The
// reader answers with frames, each a `vitrine_frame` and `length` bytes. After a frame of bytes that are wanted, the starter sends
// 1 and the bytes, or 0 if they cannot be read, as an uint32_t.

#ifndef VITRINE_CEXTREADER_H
#define VITRINE_CEXTREADER_H

#include <stdint.h>
#include <sys/types.h>

enum vitrine_request_kind {
    /// Opens the file system of `argument` bytes. The result is empty.
    VITRINE_OPEN = 1,
    /// The attributes of the inode `argument`: a `vitrine_inode`.
    VITRINE_INODE = 2,
    /// The inode called the name that follows in the directory `argument`: an uint32_t, or nothing if there is none.
    VITRINE_LOOKUP = 3,
    /// The entries of the directory `argument`: for each a `vitrine_entry`, and the bytes of its name.
    VITRINE_LIST = 4,
    /// The target of the symbolic link `argument`: its bytes.
    VITRINE_LINK = 5,
    /// The places of the data of the file `argument`: `vitrine_extent`s, in the order of the file.
    VITRINE_EXTENTS = 6,
    /// The data of the file `argument`, which lies in its inode.
    VITRINE_INLINE = 7,
    /// The extended attributes of the inode `argument`: for each a `vitrine_attribute`, the bytes of its name, and its value.
    VITRINE_ATTRIBUTES = 8,
};

struct vitrine_request {
    uint32_t kind;
    /// The number of bytes that follow: at most 255.
    uint32_t length;
    uint64_t argument;
};

enum vitrine_frame_kind {
    /// A part of the result.
    VITRINE_PART = 1,
    /// The end of the result: nothing, or the text of an error.
    VITRINE_END = 2,
    /// Bytes of the file system are wanted: a `vitrine_range`.
    VITRINE_WANTED = 3,
};

struct vitrine_frame {
    uint32_t kind;
    uint32_t length;
};

struct vitrine_range {
    uint64_t offset;
    uint64_t count;
};

enum vitrine_inode_flags {
    /// Its data is encrypted.
    VITRINE_ENCRYPTED = 1,
    /// Its data lies in the inode.
    VITRINE_IN_INODE = 2,
};

struct vitrine_inode {
    uint64_t size;
    int64_t seconds;
    uint32_t nanoseconds;
    uint32_t mode;
    uint32_t user;
    uint32_t group;
    uint32_t links;
    uint32_t major;
    uint32_t minor;
    uint32_t flags;
};

struct vitrine_entry {
    uint32_t inode;
    uint32_t length;
};

struct vitrine_extent {
    /// In bytes, from the start of the file; of the file system; and their number.
    uint64_t offset;
    uint64_t place;
    uint64_t count;
};

struct vitrine_attribute {
    uint32_t name_length;
    uint32_t value_length;
};

/// Starts `program` with `argument`, and with `socket` as its standard input; of other files it gets none. It is to call
/// `vitrine_read_ext` then. It has a session of its own, as a terminal's signals are for the starter.
/// Returns 0 and sets `process`, or an errno.
int vitrine_start_reader(const char *program, const char *argument, int socket, pid_t *process);

/// Answers requests on the standard input, a socket, until the other end closes it. Does not return.
_Noreturn void vitrine_read_ext(void);

#endif
