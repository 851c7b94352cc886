/*
 * A file layer for tests: LD_PRELOAD it into a process, and what that process does to files below the
 * directory $KEFU_SHIM_DIR can be cut off, refused or slowed down.
 *
 * Power cut. A kill leaves everything that was written in the page cache; a power cut does not. So the layer
 * remembers, for every write and truncation of a file, what was there before, until a sync of that file
 * returns; and every file made, renamed or removed, until a sync of its directory returns. At the cut, all
 * that is still remembered is undone, then a part of it, chosen by the seed, is done again, and the process
 * ends at once with status 137. What is then in the directory is what a power cut may leave behind:
 *   - nothing of what was not synced, or
 *   - the first few changes in their order, the last of them torn at a multiple of 512 bytes, or
 *   - any subset of the writes, each torn or whole: caches are written back in any order. Changes of names
 *     are taken to be journalled, so that of them always the first few survive.
 *
 * Not modelled: bytes that change although nobody wrote them, sectors written in part, directories made,
 * files opened through openat, descriptors that were duplicated, files changed through a mapping. The only
 * mapped file of SQLite is the `-shm` index, which is no data: it is rebuilt from the log. Syncs do not reach
 * the disk of the machine that the tests run on; the directory needs only survive the process.
 *
 * Environment, read when the process starts:
 *   KEFU_SHIM_DIR         the directory; it must exist. Without one nothing is remembered, syncs reach the disk,
 *                         and all that is left is KEFU_SHIM_FSYNC_US: for measurements, which keeping what was
 *                         there before would disturb
 *   KEFU_SHIM_SEED        chooses what survives a cut
 *   KEFU_SHIM_CUT_AFTER   cut at this step; a step is a write, a truncation or a sync. 0: never
 *   KEFU_SHIM_LIE_AFTER   from this step on syncs are acknowledged and do nothing, as disks with a volatile
 *                         cache do: the control that shows that a loss is found. 0: never
 *   KEFU_SHIM_FSYNC_US    a sync takes at least so long; without a directory, so much longer
 *
 * Controls while it runs:
 *   the file .full in the directory: a full disk; writes find room for one more sector, then none
 *   the file .broken in the directory: syncs fail with EIO
 *   the file .arm and SIGUSR2: cut after as many further steps as the file says; without the file, now
 *   the file .cut is written at a cut: step, mode, changes that were not synced, those that survived, and how
 *   many were to a file that ends in .db
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "changes.h"

static void *control(void *arg) {
    sigset_t set;
    int signal;
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/.arm", dir);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    for (;;) {
        if (sigwait(&set, &signal)) continue;
        unsigned long long further = 0;
        FILE *file = fopen(path, "re");
        int is_armed = file && fscanf(file, "%llu", &further) == 1;
        if (file) fclose(file);
        pthread_mutex_lock(&lock);
        if (!is_armed || !further) cut();
        cut_at = steps + further;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

/* ── start ─────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t variable(const char *name) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

static void *symbol(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) die(name);
    return found;
}

static void load(void) {
    if (real_fallocate) return;
    real_open = symbol("open64");
    real_close = symbol("close");
    real_fsync = symbol("fsync");
    real_fdatasync = symbol("fdatasync");
    real_ftruncate = symbol("ftruncate64");
    real_rename = symbol("rename");
    real_unlink = symbol("unlink");
    real_write = symbol("write");
    real_pwrite = symbol("pwrite64");
    real_writev = symbol("writev");
    real_pwritev = symbol("pwritev64");
    real_fallocate = symbol("posix_fallocate64");
}

__attribute__((constructor)) static void start(void) {
    load();
    fsync_us = (unsigned)variable("KEFU_SHIM_FSYNC_US");
    const char *name = getenv("KEFU_SHIM_DIR");
    if (!name) return;
    if (!realpath(name, dir)) die(name);
    dir_len = strlen(dir);
    snprintf(full_path, sizeof full_path, "%s/.full", dir);
    snprintf(broken_path, sizeof broken_path, "%s/.broken", dir);
    seed = variable("KEFU_SHIM_SEED");
    cut_at = variable("KEFU_SHIM_CUT_AFTER");
    lie_at = variable("KEFU_SHIM_LIE_AFTER");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_t thread;
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) || pthread_create(&thread, NULL, control, NULL)) die("thread");
    pthread_detach(thread);
}

/* ── opening and closing ───────────────────────────────────────────────────────────────────────────────── */

static struct file *of(int fd) {
    return dir_len && fd >= 0 && fd < FDS_MAX ? __atomic_load_n(&by_fd[fd], __ATOMIC_ACQUIRE) : NULL;
}

/* Called with the lock. */
static void track(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0 || fd >= FDS_MAX) return;
    path[len] = 0;
    if (strncmp(path, dir, dir_len) || (path[dir_len] != '/' && path[dir_len] != 0)) return;
    struct stat stat;
    if (fstat(fd, &stat) || !(S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode))) return;
    struct file *file = files;
    while (file && (file->dev != stat.st_dev || file->ino != stat.st_ino)) file = file->next;
    if (!file) {
        file = take(sizeof *file);
        file->dev = stat.st_dev;
        file->ino = stat.st_ino;
        file->is_dir = S_ISDIR(stat.st_mode);
        file->is_data = !file->is_dir && !ends_with(path, "-shm");
        file->fd = real_open(path, (file->is_dir ? O_RDONLY | O_DIRECTORY : O_RDWR) | O_CLOEXEC);
        if (file->fd < 0) die(path);
        file->next = files;
        files = file;
    }
    strcpy(file->path, path);
    __atomic_store_n(&by_fd[fd], file, __ATOMIC_RELEASE);
}

static int truncate_tracked(struct file *file, off_t size) {
    struct change *change = add(TRUNCATE);
    change->file = file;
    change->old_size = size_of(file);
    change->new_size = size;
    keep_before(change, size, change->old_size);
    int result = real_ftruncate(file->fd, size);
    if (result) forget(change); else step();
    return result;
}

static int open_any(const char *path, int flags, mode_t mode) {
    load();
    if (!dir_len) return real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_ours = !strncmp(path, dir, dir_len);
    int is_new = (flags & O_CREAT) && access(path, F_OK);
    int is_cut = is_ours && (flags & O_TRUNC) && !is_new;
    int fd = real_open(path, is_cut ? flags & ~O_TRUNC : flags, mode);
    if (fd >= 0) {
        track(fd);
        struct file *file = of(fd);
        if (file && is_new && file->is_data) {
            struct change *change = add(CREATE);
            change->path = copy_text(file->path);
        }
        if (is_cut && (file && file->is_data ? truncate_tracked(file, 0) : real_ftruncate(fd, 0))) die(path);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                 \
    int name(const char *path, int flags, ...) {   \
        va_list rest;                              \
        va_start(rest, flags);                     \
        mode_t mode = mode_of(flags, rest);        \
        va_end(rest);                              \
        return open_any(path, flags, mode);        \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    load();
    if (of(fd)) {
        pthread_mutex_lock(&lock);
        __atomic_store_n(&by_fd[fd], NULL, __ATOMIC_RELEASE);
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

/* ── writing ───────────────────────────────────────────────────────────────────────────────────────────── */

/* How many bytes the disk has room for; called with the lock. */
static size_t room(size_t len) {
    if (access(full_path, F_OK)) {
        last_sector_used = 0;
        return len;
    }
    if (last_sector_used || len <= SECTOR) return 0;
    last_sector_used = 1;
    return SECTOR;
}

static ssize_t write_tracked(struct file *file, int fd, const void *bytes, size_t len, off_t offset) {
    pthread_mutex_lock(&lock);
    size_t fits = room(len);
    ssize_t done = -1;
    int error = ENOSPC;
    if (fits || !len) {
        int is_at_end = offset < 0 && (fcntl(fd, F_GETFL) & O_APPEND);
        off_t place = offset >= 0 ? offset : is_at_end ? size_of(file) : lseek(fd, 0, SEEK_CUR);
        struct change *change = file->is_data ? before_write(file, place, fits) : NULL;
        done = offset >= 0 ? real_pwrite(fd, bytes, fits, offset) : real_write(fd, bytes, fits);
        error = errno;
        if (change) after_write(change, bytes, done);
    }
    if (file->is_data) step();
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

static ssize_t writev_tracked(struct file *file, int fd, const struct iovec *parts, int count, off_t offset) {
    size_t len = 0;
    for (int i = 0; i < count; i++) len += parts[i].iov_len;
    unsigned char *joined = take(len);
    for (size_t i = 0, at = 0; i < (size_t)count; at += parts[i++].iov_len) {
        memcpy(joined + at, parts[i].iov_base, parts[i].iov_len);
    }
    ssize_t done = write_tracked(file, fd, joined, len, offset);
    int error = errno;
    free(joined);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t len) {
    load();
    struct file *file = of(fd);
    return file ? write_tracked(file, fd, bytes, len, -1) : real_write(fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    load();
    struct file *file = of(fd);
    return file ? writev_tracked(file, fd, parts, count, -1) : real_writev(fd, parts, count);
}

#define PWRITE(name)                                                                         \
    ssize_t name(int fd, const void *bytes, size_t len, off_t offset) {                      \
        load();                                                                              \
        struct file *file = of(fd);                                                          \
        return file ? write_tracked(file, fd, bytes, len, offset) : real_pwrite(fd, bytes, len, offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name)                                                                        \
    ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) {               \
        load();                                                                              \
        struct file *file = of(fd);                                                          \
        return file ? writev_tracked(file, fd, parts, count, offset)                         \
                    : real_pwritev(fd, parts, count, offset);                                \
    }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define FTRUNCATE(name)                                        \
    int name(int fd, off_t size) {                             \
        load();                                                \
        struct file *file = of(fd);                            \
        if (!file || !file->is_data) return real_ftruncate(fd, size); \
        pthread_mutex_lock(&lock);                             \
        int result = truncate_tracked(file, size);             \
        int error = errno;                                     \
        pthread_mutex_unlock(&lock);                           \
        errno = error;                                         \
        return result;                                         \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define FALLOCATE(name)                                                        \
    int name(int fd, off_t offset, off_t len) {                                \
        load();                                                                \
        struct file *file = of(fd);                                            \
        if (!file || !file->is_data) return real_fallocate(fd, offset, len);   \
        pthread_mutex_lock(&lock);                                             \
        int result = access(full_path, F_OK) ? 0 : ENOSPC;                     \
        if (!result && size_of(file) < offset + len) {                         \
            result = truncate_tracked(file, offset + len) ? errno : 0;         \
        }                                                                      \
        pthread_mutex_unlock(&lock);                                           \
        return result;                                                         \
    }
FALLOCATE(posix_fallocate)
FALLOCATE(posix_fallocate64)

/* ── syncing ───────────────────────────────────────────────────────────────────────────────────────────── */

static void delay(void) {
    if (!fsync_us) return;
    struct timespec pause = { fsync_us / 1000000, fsync_us % 1000000 * 1000L };
    nanosleep(&pause, NULL);
}

static int sync_tracked(struct file *file) {
    pthread_mutex_lock(&lock);
    uint64_t until = changes;
    step();
    int is_lie = lie_at && steps >= lie_at;
    pthread_mutex_unlock(&lock);
    delay();
    if (!access(broken_path, F_OK)) {
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&lock);
    if (!is_lie) synced(file, until);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) {
    load();
    if (!dir_len) delay();
    struct file *file = of(fd);
    return file ? sync_tracked(file) : real_fsync(fd);
}

int fdatasync(int fd) {
    load();
    if (!dir_len) delay();
    struct file *file = of(fd);
    return file ? sync_tracked(file) : real_fdatasync(fd);
}

/* ── names ─────────────────────────────────────────────────────────────────────────────────────────────── */

static int is_ours(const char *path, char *whole) {
    char folder[PATH_MAX];
    const char *name = strrchr(path, '/');
    if (!dir_len || strlen(path) >= sizeof folder - 1) return 0;
    if (name) {
        memcpy(folder, path, name - path + 1);
        folder[name - path + 1] = 0;
    } else {
        strcpy(folder, ".");
        name = path - 1;
    }
    if (!realpath(folder, whole) || strlen(whole) + strlen(name + 1) + 2 > PATH_MAX) return 0;
    strcat(whole, "/");
    strcat(whole, name + 1);
    return !strncmp(whole, dir, dir_len) && whole[dir_len] == '/';
}

/* Gives a file a second name, so that it outlives the first; called with the lock. */
static char *save(const char *path) {
    char saved[PATH_MAX + 64];
    snprintf(saved, sizeof saved, "%s/.saved-%d-%llu", dir, getpid(), (unsigned long long)++saved_names);
    return link(path, saved) ? NULL : copy_text(saved);
}

int rename(const char *from, const char *to) {
    load();
    char whole_from[PATH_MAX], whole_to[PATH_MAX];
    if (!is_ours(from, whole_from) || !is_ours(to, whole_to)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    char *saved = save(whole_to);
    int result = real_rename(from, to);
    int error = errno;
    if (result) {
        if (saved) real_unlink(saved);
        free(saved);
    } else {
        struct change *change = add(RENAME);
        change->path = copy_text(whole_to);
        change->other = copy_text(whole_from);
        change->saved = saved;
        for (struct file *file = files; file; file = file->next) {
            if (!strcmp(file->path, whole_from)) strcpy(file->path, whole_to);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int unlink(const char *path) {
    load();
    char whole[PATH_MAX];
    if (!is_ours(path, whole) || ends_with(whole, "-shm")) return real_unlink(path);
    pthread_mutex_lock(&lock);
    char *saved = save(whole);
    int result = real_unlink(path);
    int error = errno;
    if (result) {
        if (saved) real_unlink(saved);
        free(saved);
    } else {
        struct change *change = add(REMOVE);
        change->path = copy_text(whole);
        change->saved = saved;
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
