#pragma once
// What Swift's Glibc module does not have, as it is built without _GNU_SOURCE: pipe2(2), closefrom for posix_spawn(3) and
// pseudoterminals; and ioctl(2) and fcntl(2), which are variadic.
#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_openpt(int flags);
extern int grantpt(int master);
extern int unlockpt(int master);
extern int ptsname_r(int master, char *name, size_t length);

// In a session of its own, the first terminal that a process opens is the one that controls it.
static const int test_POSIX_SPAWN_SETSID = 0x80;

static inline int test_resizePipe(int pipe, int bytes) { return fcntl(pipe, 1031 /* F_SETPIPE_SZ */, bytes); }

static inline int test_resize(int terminal, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    return ioctl(terminal, TIOCSWINSZ, &size);
}
