// What Swift's Glibc module does not show of Linux: variadic calls and calls
// that the C library declares only under _GNU_SOURCE.

#ifndef VITRINE_CLINUX_H
#define VITRINE_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// preadv2(2) of one buffer with RWF_NOWAIT: reads what the page cache holds.
/// Returns -1 with errno EAGAIN when that is nothing, or where the file system
/// cannot tell.
ssize_t vitrine_pread_nowait(int descriptor, void *buffer, size_t count, off_t offset);

/// open(2) of the directory at `path` as a place (O_PATH), with O_CLOEXEC: it need not be readable.
int vitrine_open_directory(const char *path);

/// openat2(2) of `path` in `directory` as a place (O_PATH): nothing happens to what is there. With O_CLOEXEC,
/// RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS: nothing on the way, symbolic links and `..` included, may lead
/// out of `directory`. Returns the descriptor, or -1 with errno set: EXDEV where something does, EAGAIN where
/// a directory was moved meanwhile and it cannot be told.
int vitrine_open_beneath(int directory, const char *path, int flags);

/// openat(2) of `name`, one component, in `directory` as a place (O_PATH): a symbolic link is not followed, nor is
/// anything mounted. Returns the descriptor, or -1 with errno set.
int vitrine_open_step(int directory, const char *name);

/// Where data starts at or after `offset`, by SEEK_DATA. Returns -1 with errno
/// ENXIO when there is none before the end, or with another errno where the file
/// system cannot tell.
off_t vitrine_next_data(int descriptor, off_t offset);

/// Where a hole starts at or after `offset`, by SEEK_HOLE; the end counts as one.
off_t vitrine_next_hole(int descriptor, off_t offset);

/// The size in bytes of the block device open at `descriptor`, by BLKGETSIZE64.
/// Returns 0, or -1 with errno set.
int vitrine_block_device_size(int descriptor, uint64_t *size);

/// Whether another open file description holds a lock on the byte at `offset`, by F_OFD_GETLK.
/// Returns 1 or 0, or -1 with errno set where the file system does not tell.
int vitrine_is_locked(int descriptor, off_t offset);

/// Zeroes `count` bytes from `offset` of the block device open at `descriptor`, by BLKZEROOUT;
/// both must be multiples of its sector size. Returns 0, or -1 with errno set.
int vitrine_zero_block_device(int descriptor, uint64_t offset, uint64_t count);

/// How many columns the terminal open at `descriptor` has; 0 where nobody knows.
int vitrine_terminal_columns(int descriptor);

/// Whether `signal` is ignored, as it is by whatever nohup(1) starts.
int vitrine_is_ignored(int signal);

/// Asks the kernel to send this process `signal` when its parent ends.
/// Returns 0, or -1 with errno set.
int vitrine_signal_on_parent_exit(int signal);

/// pidfd_open(2) of `process`: a descriptor that poll(2) finds readable when it has ended.
/// Returns -1 with errno set where the system has no such thing, or no such process.
int vitrine_open_process(pid_t process);

/// Names the calling thread, for ps and debuggers; 15 characters at most.
void vitrine_name_thread(const char *name);

/// What can be set of malloc by mallopt(3); sizes are in bytes.
struct vitrine_malloc {
    /// By how much more than is needed the heap grows.
    int growth;
    /// How much may be free at the end of the heap before it is given back.
    int kept;
    /// Blocks of this size and more are mapped one by one, where there is no room for them in the heap.
    int mapped_from;
};

/// Gives the pages of malloc's heap that hold nothing back to the system.
void vitrine_trim_heap(void);

/// Has malloc take memory from at most `most` arenas; those that threads have by then stay.
void vitrine_limit_arenas(int most);

/// Configures malloc, for all of the process.
void vitrine_configure_malloc(struct vitrine_malloc options);

/// fwrite(3) to the standard output.
size_t vitrine_write_output(const void *bytes, size_t count);

/// Writes what is left of the standard output. Returns 0, or an errno if that or any write before has failed.
int vitrine_flush_output(void);

/// Starts `/bin/sh -c command` with this process's environment and standard files,
/// no others, and with no signal blocked or ignored. Returns 0 and sets `process`, or an errno.
int vitrine_spawn_shell(const char *command, pid_t *process);

/// Starts this program again with `arguments`, which end with NULL, in a session of its own. Its standard input is empty, and
/// its standard output is the descriptor `output`; of other files it gets none but the standard error.
/// Returns 0 and sets `process`, or an errno.
int vitrine_spawn_self(char *const *arguments, int output, pid_t *process);

/// Starts the program `arguments[0]`, which is looked for in PATH, with `arguments`, which end with NULL, this process's
/// environment, and the `variable` (`NAME=value`) unless it is NULL. Its standard input is empty. The descriptor `output` takes its
/// standard output and error. Of other files it gets none but `passed`, as descriptor 3, unless that is -1. If it
/// `ends_with_thread`, it is killed when the calling thread ends.
/// Returns 0 and sets `process`, or an errno.
int vitrine_spawn_program(
    char *const *arguments, const char *variable, int passed, int output, int ends_with_thread, pid_t *process);

/// Connects two Unix sockets with each other, with SOCK_CLOEXEC. Returns 0, or -1 with errno set.
int vitrine_make_socket_pair(int ends[2]);

/// pipe2(2) with O_CLOEXEC. Returns 0, or -1 with errno set.
int vitrine_make_pipe(int ends[2]);

/// Waits for a descriptor that comes over the Unix socket `socket` (SCM_RIGHTS), which gets O_CLOEXEC. Returns it, or -1 with errno
/// set: ENOMSG if none has come, and none will come.
int vitrine_receive_descriptor(int socket);

/// syslog(3) of `text`, of a daemon, with the `priority`.
void vitrine_log(int priority, const char *text);

// MARK: Mounting. Each returns -1 with errno set if it fails.

/// Opens /dev/fuse for a new connection.
int vitrine_open_fuse(void);

/// unshare(2) of the calling thread's descriptors: it has copies of its own from then on.
int vitrine_unshare_descriptors(void);

/// fsopen(2) of a file system of `type`, to be configured.
int vitrine_open_filesystem(const char *type);

/// fsconfig(2): gives the parameter `key` the `value`, or sets it without one if that is NULL.
int vitrine_set_parameter(int filesystem, const char *key, const char *value);

/// fsconfig(2) and fsmount(2): makes the file system, and a mount of it that is read-only unless it is `writable`, without setuid
/// and devices, and attached nowhere. Returns the descriptor of the mount's root.
int vitrine_make_mount(int filesystem, int writable);

/// move_mount(2): attaches the mount `mount` to the directory `directory`.
int vitrine_attach_mount(int mount, int directory);

/// openat2(2) of `path`, read-only and without waiting, as if `directory` were the root: no link leads out of it.
int vitrine_open_in_root(int directory, const char *path);

/// openat(2) of `name`, read-only unless it shall be `writable`, in the directory `directory`.
int vitrine_open_file(int directory, const char *name, int writable);

/// openat2(2) of the directory `path` as a place (O_PATH), as if `directory` were the root: no link leads out of it.
int vitrine_open_folder_in_root(int directory, const char *path);

/// mkdirat(2) of `name` in the directory `directory`.
int vitrine_make_folder(int directory, const char *name);

/// mount_setattr(2): makes the mount `mount` read-only.
int vitrine_make_mount_readonly(int mount);

/// Finds items of the tree of roots of the btrfs that the directory `directory` lies in, by BTRFS_IOC_TREE_SEARCH: those whose keys are
/// not below (`object`, `type`, `offset`), in order, as many as fit in the 4096 bytes at `buffer`. Each has a `btrfs_ioctl_search_header`
/// in front. Returns how many there are.
int vitrine_find_btrfs_roots(int directory, uint64_t object, uint8_t type, uint64_t offset, void *buffer);

/// Finds the path of the directory `inode` in the subvolume `tree` of the btrfs that the directory `directory` lies in, by
/// BTRFS_IOC_INO_LOOKUP, and writes it, with a slash at its end, to the 4096 bytes at `path`. The root has an empty path.
int vitrine_find_btrfs_path(int directory, uint64_t tree, uint64_t inode, char *path);

/// Opens the file that is known as a place (O_PATH) for reading, without waiting.
int vitrine_reopen(int place);

/// listxattr(2) of the file that is known as a place (O_PATH): fills `names`, each with a NUL at its end, and returns their size.
ssize_t vitrine_list_attributes(int place, char *names, size_t size);

/// getxattr(2) of the file that is known as a place (O_PATH): fills `value`, and returns its size.
ssize_t vitrine_get_attribute(int place, const char *name, void *value, size_t size);

/// umount2(2) of what is mounted at `path`, as soon as nobody uses it.
int vitrine_detach_mount(const char *path);

/// Makes a loop device of `count` bytes from `offset` of the open `file`, read-only unless it shall be `writable`, with direct I/O,
/// which goes with its last user. `name` is what losetup shows. Returns a descriptor of the device, and sets `number`.
int vitrine_make_loop(int file, const char *name, uint64_t offset, uint64_t count, int writable, int *number);

/// socket(2) for generic netlink, by which parts of the kernel are told what to do.
int vitrine_open_netlink(void);

#endif
