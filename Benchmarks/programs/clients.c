// Many clients at once, on loopback, each from one of some addresses. Idle ones ask once, and then keep the connection.
// Slow ones send a byte of a head at each interval, and come back a second after they are cut off. Says "ready" when all
// have been connected, and ends when its input does, with the number of connections that are open and that were cut off.
//
//     clients PORT COUNT ADDRESSES [INTERVAL_MILLISECONDS]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
static const char endless[] = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static struct client {
    int descriptor;
    int isOpen, isDone;
    size_t sent;
    long long back_at;
} *clients;

static int port, count, addresses, interval, loop;
static long cut_off;

static long long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void give_up(int index) {
    close(clients[index].descriptor);
    clients[index].isOpen = 0;
    clients[index].back_at = milliseconds() + 1000;
    cut_off++;
}

static void open_one(int index) {
    struct client *client = &clients[index];
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % addresses)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    *client = (struct client){.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .isOpen = 1};
    if (client->descriptor < 0) exit(1);
    setsockopt(client->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(client->descriptor, (struct sockaddr *)&from, sizeof from)) exit(1);
    if (connect(client->descriptor, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) return give_up(index);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u32 = index};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, client->descriptor, &event)) exit(1);
}

static void is_ready(int index, unsigned events) {
    struct client *client = &clients[index];
    if (!client->isOpen) return;
    if (events & EPOLLIN) {
        char bytes[4096];
        ssize_t taken;
        while ((taken = read(client->descriptor, bytes, sizeof bytes)) > 0) client->isDone = 1;
        if (!taken || errno != EAGAIN) return give_up(index);
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return give_up(index);
    if (interval) client->isDone = 1;
    else if (!client->sent && (events & EPOLLOUT)) client->sent = write(client->descriptor, request, sizeof request - 1);
}

static void drip(int index, long long now) {
    struct client *client = &clients[index];
    if (!client->isOpen) {
        if (now >= client->back_at) open_one(index);
    } else if (client->sent < sizeof endless - 1 && write(client->descriptor, endless + client->sent, 1) == 1) {
        client->sent++;
    }
}

static void turn(int wait) {
    struct epoll_event events[512];
    int number = epoll_wait(loop, events, 512, wait);
    for (int i = 0; i < number; i++) is_ready(events[i].data.u32, events[i].events);
}

static int open_ones(void) {
    int number = 0;
    for (int i = 0; i < count; i++) number += clients[i].isOpen && clients[i].isDone;
    return number;
}

int main(int argc, char **argv) {
    if (argc < 4) return 64;
    port = atoi(argv[1]), count = atoi(argv[2]), addresses = atoi(argv[3]), interval = argc > 4 ? atoi(argv[4]) : 0;
    if (port <= 0 || count <= 0 || addresses <= 0) return 64;
    clients = calloc(count, sizeof *clients);
    loop = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        open_one(i);
        // In small steps, so that the listener's queue never overflows.
        if (i % 64 == 63) turn(2);
    }
    long long patience = milliseconds() + 10000;
    while (!interval && open_ones() < count && milliseconds() < patience) turn(10);
    printf("ready\n");
    fflush(stdout);
    struct pollfd input = {.fd = 0, .events = POLLIN};
    int next = 0;
    for (long long last = milliseconds(); !poll(&input, 1, 0);) {
        turn(5);
        long long now = milliseconds();
        // Everybody gets a turn in each interval.
        for (long long due = interval ? (now - last) * count / interval : 0; due > 0; due--, next++) drip(next % count, now);
        if (!interval || (now - last) * count / interval > 0) last = now;
    }
    printf("%d %ld\n", open_ones(), cut_off);
    return 0;
}
