// Upstreams that answer each request after a delay, on loopback; one loop, kept connections. A request for /count is
// answered at once, with the number of all others so far.
//
//     upstream PORT:STATUS:DELAY_MICROSECONDS…
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_listeners = 16, most_descriptors = 65536, most_head = 4096 };

// An answer that is due, for the connection that had the descriptor then.
struct due {
    int descriptor;
    unsigned generation;
    long long at;
};

// All answers of a listener have the same delay, so they come due in the order of their requests.
static struct listener {
    int descriptor, status;
    long long delay;
    struct due queue[most_descriptors];
    unsigned head, tail;
} listeners[most_listeners];

static struct connection {
    struct listener *listener;
    unsigned generation, length;
    char head[most_head];
} *connections;

static int listener_count, loop;
static unsigned long requests;

static long long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void watch(int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event)) exit(1);
}

static void listen_on(const char *text) {
    struct listener *listener = &listeners[listener_count++];
    int port, on = 1;
    long long microseconds;
    if (sscanf(text, "%d:%d:%lld", &port, &listener->status, &microseconds) != 3) exit(64);
    listener->delay = microseconds * 1000;
    listener->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener->descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener->descriptor, (struct sockaddr *)&address, sizeof address)) exit(1);
    if (listen(listener->descriptor, 4096)) exit(1);
    watch(listener->descriptor);
}

static void answer(int descriptor, int status, const char *content) {
    char text[256];
    int length = snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(content), content);
    if (write(descriptor, text, length) < 0) return;
}

static void accept_from(struct listener *listener) {
    for (int descriptor; (descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int on = 1;
        if (descriptor >= most_descriptors) exit(1);
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[descriptor].listener = listener;
        connections[descriptor].generation++;
        connections[descriptor].length = 0;
        watch(descriptor);
    }
}

static void read_from(int descriptor) {
    struct connection *connection = &connections[descriptor];
    struct listener *listener = connection->listener;
    ssize_t count = read(descriptor, connection->head + connection->length, most_head - 1 - connection->length);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        connection->generation++;
        close(descriptor);
        return;
    }
    connection->head[connection->length += count] = 0;
    if (!strstr(connection->head, "\r\n\r\n")) return;
    connection->length = 0;
    if (!strncmp(connection->head, "GET /count ", 11)) {
        char text[32];
        snprintf(text, sizeof text, "%lu", requests);
        answer(descriptor, 200, text);
        return;
    }
    requests++;
    if (!listener->delay) {
        answer(descriptor, listener->status, "x");
    } else {
        listener->queue[listener->tail++ % most_descriptors] =
            (struct due){descriptor, connection->generation, nanoseconds() + listener->delay};
    }
}

// Answers what is due, and says how long until the next is: -1 where there is none.
static long long answer_due(void) {
    long long next = -1;
    for (int i = 0; i < listener_count; i++) {
        struct listener *listener = &listeners[i];
        for (; listener->head != listener->tail; listener->head++) {
            struct due *due = &listener->queue[listener->head % most_descriptors];
            long long left = due->at - nanoseconds();
            if (left > 0) {
                if (next < 0 || left < next) next = left;
                break;
            }
            if (connections[due->descriptor].generation == due->generation) answer(due->descriptor, listener->status, "x");
        }
    }
    return next;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > most_listeners + 1) return 64;
    connections = calloc(most_descriptors, sizeof *connections);
    loop = epoll_create1(0);
    for (int i = 1; i < argc; i++) listen_on(argv[i]);
    for (;;) {
        long long left = answer_due();
        struct timespec wait = {left / 1000000000, left % 1000000000};
        struct epoll_event events[256];
        int count = epoll_pwait2(loop, events, 256, left < 0 ? NULL : &wait, NULL);
        for (int i = 0; i < count; i++) {
            struct listener *listener = listeners;
            while (listener < listeners + listener_count && listener->descriptor != events[i].data.fd) listener++;
            if (listener < listeners + listener_count) accept_from(listener);
            else read_from(events[i].data.fd);
        }
    }
}
