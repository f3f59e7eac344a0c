#pragma once
// What Swift's Glibc module does not have: mallopt(3), epoll(7), eventfd(2), accept4(2) and the size of a terminal.
#include <linux/filter.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

// glibc declares accept4 only under _GNU_SOURCE, which the Glibc module is built without.
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

// Enumerators that Swift would import as a type of their own.
static const unsigned int healthz_EPOLLIN = EPOLLIN;
static const unsigned int healthz_EPOLLOUT = EPOLLOUT;
static const unsigned int healthz_EPOLLERR = EPOLLERR;
static const unsigned int healthz_EPOLLHUP = EPOLLHUP;
static const unsigned int healthz_EPOLLRDHUP = EPOLLRDHUP;
static const unsigned int healthz_EPOLLET = EPOLLET;

static inline int healthz_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

// The members of timespec(3type) are not to be had in every kind of build. Suspension included.
static inline int64_t healthz_nanoseconds_since_boot(void) {
    struct timespec time = {0};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

// UTC, without leap seconds.
static inline int64_t healthz_milliseconds_since_epoch(void) {
    struct timespec time = {0};
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

// When a file's content was last changed, in milliseconds since 1970; -1 where that cannot be told.
static inline int64_t healthz_change_time(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return -1;
    return status.st_mtim.tv_sec * INT64_C(1000) + status.st_mtim.tv_nsec / 1000000;
}

// ioctl(2) is variadic. 0 where it is not a terminal, or one that does not know its size.
static inline int healthz_window(int descriptor, int *columns, int *rows) {
    struct winsize size = {0};
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return size.ws_col > 0 && size.ws_row > 0;
}

// ioctl(2) is variadic, which Swift cannot call: how many bytes wait to be read.
static inline int healthz_unread(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : 0;
}

// A TCP socket that listens ignores requests for new connections from now on, as if they were lost on the way. Handshakes that
// have begun are completed. The filter (socket(7)) gets each segment from its TCP header on; the flags are byte 13, SYN is 2.
static inline int healthz_ignore_new_connections(int listener) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}
