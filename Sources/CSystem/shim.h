#pragma once
// What Swift's Glibc module does not have: epoll(7), eventfd(2) and accept4(2).
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

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
