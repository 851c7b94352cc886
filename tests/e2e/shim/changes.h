/*
 * What was changed and is not synced yet, and the cut that undoes it: the first half of kefu_shim.c, which
 * says what it models.
 */

#pragma once

#define FDS_MAX 65536
#define SECTOR 512

/* A file that was opened. Its own descriptor is never closed: closing one drops the process's locks. */
struct file {
    struct file *next;
    dev_t dev;
    ino_t ino;
    int fd;
    int is_dir;
    int is_data;
    char path[PATH_MAX];
};

enum kind { WRITE, TRUNCATE, CREATE, RENAME, REMOVE };

/* A change that no sync covers yet. */
struct change {
    struct change *prev, *next;
    uint64_t number;
    enum kind kind;
    int is_kept;
    /* WRITE and TRUNCATE. */
    struct file *file;
    off_t offset;
    off_t old_size;
    off_t new_size;
    unsigned char *before, *after;
    size_t before_len, after_len, kept_len;
    /* Names: what happened, and where the file that lost its name is kept. */
    char *path, *other, *saved;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char dir[PATH_MAX];
static size_t dir_len;
static char full_path[PATH_MAX + 16], broken_path[PATH_MAX + 16];
static struct file *files;
static struct file *by_fd[FDS_MAX];
static struct change *first, *last;
static uint64_t changes, steps, cut_at, lie_at, seed, saved_names;
static unsigned fsync_us;
static int last_sector_used;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_fallocate)(int, off_t, off_t);

static void die(const char *what) {
    fprintf(stderr, "kefu_shim: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static void *take(size_t len) {
    void *memory = calloc(1, len ? len : 1);
    if (!memory) die("memory");
    return memory;
}

static char *copy_text(const char *text) {
    char *copy = take(strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

static int ends_with(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && !strcmp(text + len - end_len, end);
}

static uint64_t random_number(void) {
    /* splitmix64. */
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ── the log of what is not synced ─────────────────────────────────────────────────────────────────────── */

static struct change *add(enum kind kind) {
    struct change *change = take(sizeof *change);
    change->kind = kind;
    change->number = ++changes;
    change->prev = last;
    if (last) last->next = change; else first = change;
    last = change;
    return change;
}

static void forget(struct change *change) {
    if (change->prev) change->prev->next = change->next; else first = change->next;
    if (change->next) change->next->prev = change->prev; else last = change->prev;
    if (change->saved) real_unlink(change->saved);
    free(change->before);
    free(change->after);
    free(change->path);
    free(change->other);
    free(change->saved);
    free(change);
}

static int is_name(const struct change *change) {
    return change->kind == CREATE || change->kind == RENAME || change->kind == REMOVE;
}

static int is_in(const char *path, const char *folder) {
    size_t len = strlen(folder);
    return !strncmp(path, folder, len) && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* A sync that began after change `until` has returned. */
static void synced(struct file *file, uint64_t until) {
    for (struct change *change = first, *next; change; change = next) {
        next = change->next;
        if (change->number > until) break;
        if (is_name(change) ? file->is_dir && is_in(change->path, file->path) : change->file == file) {
            forget(change);
        }
    }
}

static off_t size_of(struct file *file) {
    struct stat stat;
    if (fstat(file->fd, &stat)) die("fstat");
    return stat.st_size;
}

static void keep_before(struct change *change, off_t offset, off_t end) {
    if (end <= offset) return;
    change->before = take(end - offset);
    for (size_t at = 0; at < (size_t)(end - offset);) {
        ssize_t got = pread(change->file->fd, change->before + at, end - offset - at, offset + at);
        if (got < 0) die("pread");
        if (got == 0) break;
        at += got;
        change->before_len = at;
    }
}

static struct change *before_write(struct file *file, off_t offset, size_t len) {
    struct change *change = add(WRITE);
    change->file = file;
    change->offset = offset;
    change->old_size = size_of(file);
    off_t end = offset + (off_t)len;
    keep_before(change, offset, end < change->old_size ? end : change->old_size);
    return change;
}

static void after_write(struct change *change, const void *bytes, ssize_t len) {
    if (len <= 0) {
        forget(change);
        return;
    }
    change->after = take(len);
    memcpy(change->after, bytes, len);
    change->after_len = len;
}

/* ── the cut ───────────────────────────────────────────────────────────────────────────────────────────── */

static void put(struct file *file, const unsigned char *bytes, size_t len, off_t offset) {
    for (size_t at = 0; at < len;) {
        ssize_t done = real_pwrite(file->fd, bytes + at, len - at, offset + at);
        if (done <= 0) die("pwrite at the cut");
        at += done;
    }
}

static void undo_data(struct change *change) {
    if (change->kind == WRITE) {
        put(change->file, change->before, change->before_len, change->offset);
        if (size_of(change->file) > change->old_size && real_ftruncate(change->file->fd, change->old_size)) {
            die("ftruncate at the cut");
        }
    } else if (change->kind == TRUNCATE) {
        if (real_ftruncate(change->file->fd, change->old_size)) die("ftruncate at the cut");
        put(change->file, change->before, change->before_len, change->new_size);
    }
}

static void redo_data(struct change *change) {
    if (change->kind == WRITE) {
        put(change->file, change->after, change->kept_len, change->offset);
    } else if (change->kind == TRUNCATE && real_ftruncate(change->file->fd, change->new_size)) {
        die("ftruncate at the cut");
    }
}

static void undo_name(struct change *change) {
    switch (change->kind) {
    case CREATE:
        real_unlink(change->path);
        break;
    case RENAME:
        if (real_rename(change->path, change->other)) die("rename at the cut");
        if (change->saved && real_rename(change->saved, change->path)) die("rename at the cut");
        break;
    default:
        if (change->saved && real_rename(change->saved, change->path)) die("rename at the cut");
    }
}

static void tear(struct change *change) {
    size_t sectors = change->after_len / SECTOR;
    change->kept_len = sectors ? random_number() % (sectors + 1) * SECTOR : 0;
}

/* Says which changes survive; returns the name of the way in which that was chosen. */
static const char *choose(uint64_t pending) {
    uint64_t way = random_number() % 3;
    uint64_t prefix = pending ? random_number() % pending : 0;
    uint64_t index = 0;
    int names_survive = 1;
    for (struct change *change = first; change; change = change->next, index++) {
        change->kept_len = change->after_len;
        if (way == 0) {
            change->is_kept = 0;
        } else if (way == 1) {
            change->is_kept = index <= prefix;
            if (index == prefix) tear(change);
        } else if (is_name(change)) {
            names_survive = names_survive && random_number() % 2;
            change->is_kept = names_survive;
        } else {
            change->is_kept = random_number() % 2;
            if (random_number() % 4 == 0) tear(change);
        }
    }
    return way == 0 ? "nothing" : way == 1 ? "prefix" : "subset";
}

static int frozen;

static void freeze(int signal) {
    __atomic_add_fetch(&frozen, 1, __ATOMIC_SEQ_CST);
    for (;;) pause();
    (void)signal;
}

/*
 * Stops all other threads where they are: one that reads a file while its changes are undone would tell the
 * world of a past that never was. They may hold the allocator's lock, so nothing here or after allocates.
 */
static void freeze_others(void) {
    struct entry {
        uint64_t inode;
        int64_t offset;
        unsigned short len;
        unsigned char type;
        char name[];
    };
    struct sigaction action = { .sa_handler = freeze };
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    pid_t self = (pid_t)syscall(SYS_gettid), signalled[1024];
    int known = 0;
    /* A thread that waits for the disk takes no signal until it is done, which may be many seconds. */
    for (int round = 0; round < 600000; round++) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY);
        _Alignas(8) char buffer[8192];
        int running = 0;
        for (long len; (len = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
            for (long at = 0; at < len; at += ((struct entry *)(buffer + at))->len) {
                pid_t thread = atoi(((struct entry *)(buffer + at))->name);
                if (thread <= 0 || thread == self) continue;
                running++;
                int index = 0;
                while (index < known && signalled[index] != thread) index++;
                if (index == known && known < 1024) {
                    signalled[known++] = thread;
                    syscall(SYS_tgkill, getpid(), thread, SIGUSR1);
                }
            }
        }
        real_close(fd);
        if (__atomic_load_n(&frozen, __ATOMIC_SEQ_CST) >= running) return;
        struct timespec pause = { 0, 100000 };
        nanosleep(&pause, NULL);
    }
    die("threads that go on");
}

/* Called with the lock, which is never given back: nobody goes on, nothing more is acknowledged. */
static void cut(void) {
    freeze_others();
    uint64_t pending = 0, kept = 0, in_database = 0;
    for (struct change *change = first; change; change = change->next) {
        pending++;
        in_database += !is_name(change) && ends_with(change->file->path, ".db");
    }
    const char *mode = choose(pending);
    for (struct change *change = last; change; change = change->prev) undo_data(change);
    for (struct change *change = first; change; change = change->next) {
        kept += change->is_kept;
        if (change->is_kept) redo_data(change);
    }
    for (struct change *change = last; change; change = change->prev) {
        if (!change->is_kept && is_name(change)) undo_name(change);
        else if (change->saved) real_unlink(change->saved);
    }
    char path[PATH_MAX + 16], text[160];
    snprintf(path, sizeof path, "%s/.cut", dir);
    int len = snprintf(text, sizeof text, "%llu %s %llu %llu %llu\n", (unsigned long long)steps, mode,
                       (unsigned long long)pending, (unsigned long long)kept,
                       (unsigned long long)in_database);
    int fd = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || real_write(fd, text, len) != len) die(path);
    _exit(137);
}

/* Called with the lock, at each write, truncation and sync. */
static void step(void) {
    steps++;
    if (cut_at && steps >= cut_at) cut();
}
