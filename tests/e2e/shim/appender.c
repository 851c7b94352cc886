/*
 * The smallest program that acknowledges writes, to try the file layer on: appends numbered records to a file
 * and prints the number of each when it is written.
 *
 *   appender FILE COUNT late    syncs, then prints: what is printed survives every cut
 *   appender FILE COUNT early   prints, then syncs: the bug that a kill never shows
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    int fd = open(argv[1], O_CREAT | O_WRONLY | O_APPEND, 0644);
    int folder = open(".", O_RDONLY | O_DIRECTORY);
    if (fd < 0 || folder < 0 || fsync(fd) || fsync(folder)) return 74;
    int is_early = !strcmp(argv[3], "early");
    for (int number = 1; number <= atoi(argv[2]); number++) {
        char record[16];
        int len = snprintf(record, sizeof record, "%07d\n", number);
        if (write(fd, record, (size_t)len) != len) return 74;
        if (is_early) {
            printf("%d\n", number);
            fflush(stdout);
        }
        if (fdatasync(fd)) return 74;
        if (!is_early) {
            printf("%d\n", number);
            fflush(stdout);
        }
    }
    return 0;
}
