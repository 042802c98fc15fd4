// What is left to a process that reads hostile bytes: read(2) and write(2) of its socket, memory of its own, and time.

#define _GNU_SOURCE
#include "sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

// Names of system calls are the same everywhere, but their numbers belong to an architecture.
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "sandbox.c does not know the name of this architecture in linux/audit.h"
#endif

/// The most memory that the reader may take. Directories and trees are read block by block; descriptors of groups, 64 bytes for
/// 128 MiB, are held in memory.
static const rlim_t most_memory = 512 << 20;

static void limit(__rlimit_resource_t resource, rlim_t most) {
    struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    setrlimit(resource, &limit);
}

/// Takes all files from this process, where the kernel has Landlock. seccomp does so as well; two walls may have different holes.
static void enter_landlock(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return;
    // The 13 rights of the first version. What later ones add is about files that cannot be opened then.
    uint64_t rights = (UINT64_C(1) << 13) - 1;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    if (ruleset < 0) return;
    syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
}

// Of a system call, the filter sees its number and arguments; numbers are little-endian on these architectures.
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define END BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define IF_EQUAL(value, instructions) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, instructions)
#define IF_ANY_OF(bits, instructions) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, instructions)
#define ALLOW_CALL(number) IF_EQUAL(number, 1), ALLOW
/// Allows it for the socket.
#define ALLOW_SOCKET(number) IF_EQUAL(number, 4), LOAD(args[0]), IF_EQUAL(STDIN_FILENO, 1), ALLOW, END
/// Allows it for memory that nothing is executed in.
#define ALLOW_MEMORY(number) IF_EQUAL(number, 4), LOAD(args[2]), IF_ANY_OF(PROT_EXEC, 1), END, ALLOW

static int enter_seccomp(void) {
    struct sock_filter filter[] = {
        LOAD(arch),
        IF_EQUAL(ARCHITECTURE, 1),
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
        END,
        LOAD(nr),
        ALLOW_SOCKET(SYS_read),
        ALLOW_SOCKET(SYS_write),
        // Anonymous memory that nothing is executed in.
        IF_EQUAL(SYS_mmap, 6), LOAD(args[2]), IF_ANY_OF(PROT_EXEC, 1), END, LOAD(args[3]),
        IF_ANY_OF(MAP_ANONYMOUS, 1), ALLOW,
        LOAD(nr),
        ALLOW_MEMORY(SYS_mprotect),
        ALLOW_CALL(SYS_munmap),
        ALLOW_CALL(SYS_mremap),
        ALLOW_CALL(SYS_madvise),
        ALLOW_CALL(SYS_brk),
        ALLOW_CALL(SYS_futex),
        ALLOW_CALL(SYS_clock_gettime),
        ALLOW_CALL(SYS_gettimeofday),
#ifdef SYS_time
        ALLOW_CALL(SYS_time),
#endif
        ALLOW_CALL(SYS_setitimer),
        ALLOW_CALL(SYS_rt_sigreturn),
        ALLOW_CALL(SYS_exit),
        ALLOW_CALL(SYS_exit_group),
        END,
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    // Of all threads, should something have started one.
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

const char *vitrine_enter_sandbox(void) {
    // Handlers, such as those of Swift that print where a program crashed, would be ended by the filter, and hide the signal.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    // Neither a debugger nor a dump of memory.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_DATA, most_memory);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "this system has no PR_SET_NO_NEW_PRIVS";
    enter_landlock();
    limit(RLIMIT_NOFILE, 0);
    if (enter_seccomp() != 0)
        return "this system does not allow seccomp filters, and without one no damaged file system is read safely";
    return NULL;
}

void vitrine_limit_time(void) {
    struct itimerval limit = {.it_value = {.tv_sec = 60}};
    setitimer(ITIMER_PROF, &limit, NULL);
}
