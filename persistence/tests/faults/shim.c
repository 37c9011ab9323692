/* A disk that forgets: a library to be preloaded into a process, for tests.
 *
 * Every change to a file or a name under HOLDFAST_SHIM_ROOT is noted in the file HOLDFAST_SHIM_LOG together with what was
 * there before, so that whoever reads the notes after the process was killed can take back what had not been synced, as a
 * power cut does. Syncs are noted too and not carried out: what a killed process has written stays in the system's memory
 * anyway, and nothing else is asked of it here. sync_file_range is no sync, and neither is fdatasync if
 * HOLDFAST_SHIM_NO_FDATASYNC is set.
 *
 * If HOLDFAST_SHIM_FAIL_AT is N, the N-th of these calls fails with the error number HOLDFAST_SHIM_ERRNO, after the line
 * "fault: CALL PATH" was written to stdout. Removed files are kept under HOLDFAST_SHIM_KEPT, named by numbers.
 *
 * A note is: kind (u32), bytes of the path (u32), bytes of data (u32), bytes of the second path (u32), inode (u64),
 * offset (u64), old size (u64), bytes to be written (u64), then path, second path, data. In the byte order of the machine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, SYNC_DIR = 3, CREATE = 4, RENAME = 5, UNLINK = 6, MKDIR = 7, RMDIR = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], kept[PATH_MAX];
static size_t root_length;
static int log_fd = -1, fail_errno, ignore_fdatasync;
static long fail_at, calls, keeps;

#define REAL(name, type, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static ssize_t real_pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    REAL(pwrite64, ssize_t, int, const void *, size_t, off_t);
    return real(fd, bytes, count, offset);
}

static ssize_t real_write(int fd, const void *bytes, size_t count) {
    REAL(write, ssize_t, int, const void *, size_t);
    return real(fd, bytes, count);
}

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("HOLDFAST_SHIM_ROOT"), *log = getenv("HOLDFAST_SHIM_LOG");
    if (!text || !log || !realpath(text, root)) return;
    snprintf(kept, sizeof kept, "%s", getenv("HOLDFAST_SHIM_KEPT"));
    if ((text = getenv("HOLDFAST_SHIM_FAIL_AT"))) fail_at = atol(text);
    if ((text = getenv("HOLDFAST_SHIM_ERRNO"))) fail_errno = atoi(text);
    ignore_fdatasync = getenv("HOLDFAST_SHIM_NO_FDATASYNC") != NULL;
    root_length = strlen(root);
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
}

static int is_tracked(const char *path) {
    return root_length && strncmp(path, root, root_length) == 0 &&
           (path[root_length] == '/' || path[root_length] == 0);
}

/* The path of an open file, if it is one of ours. */
static int path_of(int fd, char *path) {
    if (log_fd < 0 || fd == log_fd) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_tracked(path);
}

/* The absolute path of a name beside a directory, without following a last link. */
static int path_at(int dir, const char *name, char *path) {
    if (log_fd < 0) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        char base[PATH_MAX];
        if (dir == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length <= 0) return 0;
            base[length] = 0;
        }
        if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    }
    return is_tracked(path);
}

static void put(const void *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = real_write(log_fd, bytes, count);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        count -= done;
    }
}

static void note(uint32_t kind, const char *path, const char *second, uint64_t inode, uint64_t offset,
                 uint64_t size, uint64_t count, const void *data, uint32_t bytes) {
    uint32_t path_bytes = strlen(path), second_bytes = strlen(second);
    uint32_t words[4] = {kind, path_bytes, bytes, second_bytes};
    uint64_t numbers[4] = {inode, offset, size, count};
    size_t total = sizeof words + sizeof numbers + path_bytes + second_bytes + bytes;
    char *whole = malloc(total), *at = whole;
    if (!whole) abort();
    at = mempcpy(at, words, sizeof words);
    at = mempcpy(at, numbers, sizeof numbers);
    at = mempcpy(at, path, path_bytes);
    at = mempcpy(at, second, second_bytes);
    memcpy(at, data, bytes);
    put(whole, total);
    free(whole);
}

/* Whether this call is the one that fails. */
static int fails(const char *call, const char *path) {
    if (fail_at == 0 || ++calls != fail_at) return 0;
    char said[PATH_MAX + 64];
    int bytes = snprintf(said, sizeof said, "\nfault: %s %s\n", call, path);
    real_write(1, said, bytes);
    errno = fail_errno;
    return 1;
}

/* Instead of a count of bytes: all up to the end, which are cut off. */
#define CUT UINT64_MAX

/* Notes what lies in a range of a file that is about to change. */
static void note_old(int fd, const char *path, uint64_t offset, uint64_t count) {
    struct stat found;
    if (fstat(fd, &found) != 0) abort();
    uint64_t size = found.st_size, there = 0;
    if (offset < size) there = size - offset < count ? size - offset : count;
    char *old = malloc(there ? there : 1);
    /* The file may be open for writing only. */
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int reading = there ? open(self, O_RDONLY | O_CLOEXEC) : -1;
    if (!old || (there && (reading < 0 || pread(reading, old, there, offset) != (ssize_t)there))) abort();
    if (reading >= 0) close(reading);
    note(WRITE, path, "", found.st_ino, offset, size, count, old, there);
    free(old);
}

#define GUARDED(path) \
    pthread_mutex_lock(&lock); \
    if (fails(__func__, path)) { \
        pthread_mutex_unlock(&lock); \
        return -1; \
    }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real_pwrite(fd, bytes, count, offset);
    GUARDED(path);
    note_old(fd, path, offset, count);
    ssize_t done = real_pwrite(fd, bytes, count, offset);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t write(int fd, const void *bytes, size_t count) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real_write(fd, bytes, count);
    GUARDED(path);
    note_old(fd, path, lseek(fd, 0, SEEK_CUR), count);
    ssize_t done = real_write(fd, bytes, count);
    pthread_mutex_unlock(&lock);
    return done;
}

static int synced(int fd, const char *path) {
    GUARDED(path);
    struct stat found;
    if (fstat(fd, &found) != 0) abort();
    note(S_ISDIR(found.st_mode) ? SYNC_DIR : SYNC, path, "", found.st_ino, 0, 0, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) {
    char path[PATH_MAX];
    REAL(fsync, int, int);
    return path_of(fd, path) ? synced(fd, path) : real(fd);
}

int fdatasync(int fd) {
    char path[PATH_MAX];
    REAL(fdatasync, int, int);
    if (!path_of(fd, path)) return real(fd);
    return ignore_fdatasync ? 0 : synced(fd, path);
}

int sync_file_range(int fd, off_t offset, off_t count, unsigned flags) {
    char path[PATH_MAX];
    REAL(sync_file_range, int, int, off_t, off_t, unsigned);
    return path_of(fd, path) ? 0 : real(fd, offset, count, flags);
}

int ftruncate64(int fd, off_t size) {
    char path[PATH_MAX];
    REAL(ftruncate64, int, int, off_t);
    if (!path_of(fd, path)) return real(fd, size);
    GUARDED(path);
    note_old(fd, path, size, CUT);
    int done = real(fd, size);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fallocate64(int fd, int mode, off_t offset, off_t count) {
    char path[PATH_MAX];
    REAL(fallocate64, int, int, int, off_t, off_t);
    if (!path_of(fd, path)) return real(fd, mode, offset, count);
    GUARDED(path);
    note_old(fd, path, offset, count);
    int done = real(fd, mode, offset, count);
    pthread_mutex_unlock(&lock);
    return done;
}

int fallocate(int fd, int mode, off_t offset, off_t count) { return fallocate64(fd, mode, offset, count); }

/* Whole files are copied with these: one write each. */
static ssize_t copied(int in, int out, size_t count) {
    size_t most = 64 << 20;
    char *bytes = malloc(most);
    if (!bytes) abort();
    ssize_t there = read(in, bytes, count < most ? count : most);
    if (there > 0) there = write(out, bytes, there);
    free(bytes);
    return there;
}

ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t count, unsigned flags) {
    (void)flags;
    if (in_at || out_at) abort();
    return copied(in, out, count);
}

ssize_t sendfile64(int out, int in, off_t *offset, size_t count) {
    if (offset) abort();
    return copied(in, out, count);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t count) { return sendfile64(out, in, offset, count); }

static int opened(int dir, const char *name, int flags, mode_t mode) {
    REAL(openat64, int, int, const char *, int, ...);
    char path[PATH_MAX];
    struct stat found;
    if (!(flags & (O_CREAT | O_TRUNC)) || !path_at(dir, name, path)) return real(dir, name, flags, mode);
    GUARDED(path);
    int exists = lstat(path, &found) == 0;
    if (exists && (flags & O_TRUNC) && found.st_size > 0) {
        int old = real(dir, name, O_RDWR | O_CLOEXEC, 0);
        if (old >= 0) {
            note_old(old, path, 0, CUT);
            close(old);
        }
    }
    if (!exists) note(CREATE, path, "", 0, 0, 0, 0, "", 0);
    int fd = real(dir, name, flags, mode);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags, mode) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open64(const char *name, int flags, ...) { MODE(flags, mode); return opened(AT_FDCWD, name, flags, mode); }
int open(const char *name, int flags, ...) { MODE(flags, mode); return opened(AT_FDCWD, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { MODE(flags, mode); return opened(dir, name, flags, mode); }
int openat(int dir, const char *name, int flags, ...) { MODE(flags, mode); return opened(dir, name, flags, mode); }

/* Keeps a file that is about to lose its name. Answers the name it is kept under, or nothing. */
static void keep(const char *path, char *name) {
    name[0] = 0;
    struct stat found;
    if (lstat(path, &found) != 0 || !S_ISREG(found.st_mode)) return;
    snprintf(name, PATH_MAX, "%.3900s/%ld", kept, ++keeps);
    if (link(path, name) != 0) abort();
}

int rename(const char *from, const char *to) {
    REAL(rename, int, const char *, const char *);
    char source[PATH_MAX], target[PATH_MAX], over[PATH_MAX];
    if (!path_at(AT_FDCWD, from, source) || !path_at(AT_FDCWD, to, target)) return real(from, to);
    GUARDED(source);
    keep(target, over);
    note(RENAME, source, target, 0, 0, 0, 0, over, strlen(over));
    int done = real(from, to);
    pthread_mutex_unlock(&lock);
    return done;
}

static int removed(int dir, const char *name, int flags) {
    REAL(unlinkat, int, int, const char *, int);
    char path[PATH_MAX], copy[PATH_MAX] = "";
    if (!path_at(dir, name, path)) return real(dir, name, flags);
    GUARDED(path);
    if (!(flags & AT_REMOVEDIR)) keep(path, copy);
    int done = real(dir, name, flags);
    int error = errno;
    if (done == 0) note(flags & AT_REMOVEDIR ? RMDIR : UNLINK, path, copy, 0, 0, 0, 0, "", 0);
    errno = error;
    pthread_mutex_unlock(&lock);
    return done;
}

int unlinkat(int dir, const char *name, int flags) { return removed(dir, name, flags); }
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdir(const char *name, mode_t mode) {
    REAL(mkdir, int, const char *, mode_t);
    char path[PATH_MAX];
    struct stat found;
    if (!path_at(AT_FDCWD, name, path) || lstat(path, &found) == 0) return real(name, mode);
    GUARDED(path);
    note(MKDIR, path, "", 0, 0, 0, 0, "", 0);
    int done = real(name, mode);
    pthread_mutex_unlock(&lock);
    return done;
}
