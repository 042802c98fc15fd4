#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/openat2.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <sys/xattr.h>
#include <unistd.h>

ssize_t vitrine_pread_nowait(int descriptor, void *buffer, size_t count, off_t offset) {
    struct iovec vector = {.iov_base = buffer, .iov_len = count};
    return preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
}

int vitrine_open_directory(const char *path) {
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int vitrine_open_beneath(int directory, const char *path, int flags) {
    // The C library has no function for it.
    struct open_how how = {
        .flags = (uint64_t)(flags | O_PATH | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int vitrine_open_step(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

off_t vitrine_next_data(int descriptor, off_t offset) {
    return lseek(descriptor, offset, SEEK_DATA);
}

off_t vitrine_next_hole(int descriptor, off_t offset) {
    return lseek(descriptor, offset, SEEK_HOLE);
}

int vitrine_block_device_size(int descriptor, uint64_t *size) {
    return ioctl(descriptor, BLKGETSIZE64, size);
}

int vitrine_is_locked(int descriptor, off_t offset) {
    // Asked for writing, it conflicts with any lock there is. Asking needs no right to write.
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
    if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

int vitrine_zero_block_device(int descriptor, uint64_t offset, uint64_t count) {
    uint64_t range[] = {offset, count};
    return ioctl(descriptor, BLKZEROOUT, range);
}

int vitrine_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int vitrine_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int vitrine_signal_on_parent_exit(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0);
}

int vitrine_open_process(pid_t process) {
    return (int)syscall(SYS_pidfd_open, process, 0);
}

void vitrine_name_thread(const char *name) {
    prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
}

void vitrine_trim_heap(void) { malloc_trim(0); }

void vitrine_limit_arenas(int most) { mallopt(M_ARENA_MAX, most); }

void vitrine_configure_malloc(struct vitrine_malloc options) {
    mallopt(M_TOP_PAD, options.growth);
    mallopt(M_TRIM_THRESHOLD, options.kept);
    mallopt(M_MMAP_THRESHOLD, options.mapped_from);
}

int vitrine_spawn_shell(const char *command, pid_t *process) {
    char *const arguments[] = {"sh", "-c", (char *)command, NULL};
    posix_spawnattr_t attributes;
    int status = posix_spawnattr_init(&attributes);
    if (status != 0) return status;
    // What this process does about signals is its own affair.
    sigset_t none, piped;
    sigemptyset(&none);
    sigemptyset(&piped);
    sigaddset(&piped, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &piped);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // And so are its files and sockets.
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    status = posix_spawn(process, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

int vitrine_spawn_self(char *const *arguments, int output, pid_t *process) {
    posix_spawnattr_t attributes;
    int status = posix_spawnattr_init(&attributes);
    if (status != 0) return status;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    status = posix_spawn(process, "/proc/self/exe", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

// The part of vitrine_spawn_program that runs in the child, which shares its memory with this process. Returns an errno if it cannot
// start the program.
static int become_program(
    char *const *arguments, char *const *environment, int passed, int output, int ends_with_thread, pid_t parent) {
    if (ends_with_thread) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
        // It may have ended before that.
        if (getppid() != parent) return ESRCH;
    }
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) return errno;
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return errno;
    // It stays open, as others that are below it do.
    if (passed == 3 && fcntl(passed, F_SETFD, 0) != 0) return errno;
    if (passed >= 0 && passed != 3 && dup2(passed, 3) < 0) return errno;
    close_range(passed >= 0 ? 4 : 3, ~0U, 0);
    // What this process does about signals is its own affair.
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(arguments[0], arguments, environment);
    return errno;
}

int vitrine_spawn_program(
    char *const *arguments, const char *variable, int passed, int output, int ends_with_thread, pid_t *process) {
    size_t count = 0;
    while (environ[count] != NULL) count++;
    char **environment = malloc((count + 2) * sizeof *environment);
    if (environment == NULL) return ENOMEM;
    environment[0] = (char *)variable;
    // The first of a name counts.
    memcpy(environment + 1, environ, (count + 1) * sizeof *environment);
    pid_t parent = getpid();
    // No handler may run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    // posix_spawn(3) does the same, but knows no signal at the end of the parent.
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        error = become_program(
            arguments, variable == NULL ? environment + 1 : environment, passed, output, ends_with_thread, parent);
        _exit(127);
    }
    if (child < 0) error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(environment);
    if (child > 0 && error != 0) waitpid(child, NULL, 0);
    *process = child;
    return error;
}

int vitrine_make_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

int vitrine_make_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

int vitrine_receive_descriptor(int socket) {
    char byte;
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t count;
    do count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0) return -1;
    struct cmsghdr *header = count == 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len < CMSG_LEN(sizeof(int))) {
        errno = ENOMSG;
        return -1;
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

void vitrine_log(int priority, const char *text) {
    syslog(LOG_DAEMON | priority, "%s", text);
}

int vitrine_open_fuse(void) {
    return open("/dev/fuse", O_RDWR | O_CLOEXEC);
}

int vitrine_unshare_descriptors(void) {
    return unshare(CLONE_FILES);
}

// Debian 12's C library has these calls, but their header clashes with that of the kernel.
int vitrine_open_filesystem(const char *type) {
    return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int vitrine_set_parameter(int filesystem, const char *key, const char *value) {
    unsigned command = value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    return (int)syscall(SYS_fsconfig, filesystem, command, key, value, 0);
}

int vitrine_make_mount(int filesystem, int writable) {
    if (syscall(SYS_fsconfig, filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) return -1;
    unsigned attributes = (writable ? 0 : MOUNT_ATTR_RDONLY) | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    return (int)syscall(SYS_fsmount, filesystem, FSMOUNT_CLOEXEC, attributes);
}

int vitrine_attach_mount(int mount, int directory) {
    unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    return (int)syscall(SYS_move_mount, mount, "", directory, "", flags);
}

int vitrine_open_in_root(int directory, const char *path) {
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int vitrine_open_file(int directory, const char *name, int writable) {
    return openat(directory, name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

int vitrine_open_folder_in_root(int directory, const char *path) {
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int vitrine_make_folder(int directory, const char *name) {
    return mkdirat(directory, name, 0755);
}

int vitrine_make_mount_readonly(int mount) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
}

int vitrine_find_btrfs_roots(int directory, uint64_t object, uint8_t type, uint64_t offset, void *buffer) {
    struct btrfs_ioctl_search_args search = {.key = {
        // The tree of roots.
        .tree_id = 1,
        .min_objectid = object, .max_objectid = UINT64_MAX,
        .min_type = type, .max_type = UINT32_MAX,
        .min_offset = offset, .max_offset = UINT64_MAX,
        .max_transid = UINT64_MAX, .nr_items = UINT32_MAX,
    }};
    if (ioctl(directory, BTRFS_IOC_TREE_SEARCH, &search) != 0) return -1;
    memcpy(buffer, search.buf, sizeof search.buf);
    return (int)search.key.nr_items;
}

int vitrine_find_btrfs_path(int directory, uint64_t tree, uint64_t inode, char *path) {
    struct btrfs_ioctl_ino_lookup_args lookup = {.treeid = tree, .objectid = inode};
    if (ioctl(directory, BTRFS_IOC_INO_LOOKUP, &lookup) != 0) return -1;
    memcpy(path, lookup.name, sizeof lookup.name);
    path[sizeof lookup.name - 1] = 0;
    return 0;
}

// This thread's descriptors may be its own, and O_PATH ones tell of attributes and contents only by a path.
#define PATH_OF(place, path) snprintf(path, sizeof path, "/proc/thread-self/fd/%d", place)

int vitrine_reopen(int place) {
    char path[48];
    PATH_OF(place, path);
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

ssize_t vitrine_list_attributes(int place, char *names, size_t size) {
    char path[48];
    PATH_OF(place, path);
    return listxattr(path, names, size);
}

ssize_t vitrine_get_attribute(int place, const char *name, void *value, size_t size) {
    char path[48];
    PATH_OF(place, path);
    return getxattr(path, name, value, size);
}

int vitrine_detach_mount(const char *path) {
    // MNT_DETACH and UMOUNT_NOFOLLOW, which a header that clashes has.
    return (int)syscall(SYS_umount2, path, 2 | 8);
}

int vitrine_make_loop(int file, const char *name, uint64_t offset, uint64_t count, int writable, int *number) {
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) return -1;
    struct loop_config config = {.fd = (uint32_t)file};
    config.info.lo_offset = offset;
    config.info.lo_sizelimit = count;
    config.info.lo_flags = (writable ? 0 : LO_FLAGS_READ_ONLY) | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    strncpy((char *)config.info.lo_file_name, name, LO_NAME_SIZE - 1);
    int device = -1;
    // Another process may take the device that is free meanwhile.
    for (int attempt = 0; attempt < 64; attempt++) {
        *number = ioctl(control, LOOP_CTL_GET_FREE);
        if (*number < 0) break;
        char path[32];
        snprintf(path, sizeof path, "/dev/loop%d", *number);
        device = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        if (device < 0) break;
        if (ioctl(device, LOOP_CONFIGURE, &config) == 0) break;
        int error = errno;
        close(device);
        device = -1;
        errno = error;
        if (error != EBUSY) break;
    }
    int error = errno;
    close(control);
    errno = error;
    return device;
}

int vitrine_open_netlink(void) {
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
}

size_t vitrine_write_output(const void *bytes, size_t count) { return fwrite(bytes, 1, count, stdout); }

int vitrine_flush_output(void) {
    errno = 0;
    int has_failed = fflush(stdout) != 0;
    int error = errno;
    // The C library remembers that an earlier write failed, but not why.
    if (!has_failed && !ferror(stdout)) return 0;
    return error != 0 ? error : EIO;
}
