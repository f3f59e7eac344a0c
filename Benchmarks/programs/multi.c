// The yardstick: the same checks by libcurl's multi interface and nothing else. Each check is one GET to every URL, all
// at once, each on a new connection, or with -k on a kept one.
//
//     multi [-k] -n COUNT URL…   makes COUNT checks, and prints the CPU time of 1,000 in milliseconds
//     multi [-k] -l PORT URL…    answers each request with a check: one client at a time, on loopback
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static CURLM *multi;
static CURL **easy;
static int targets;

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static void prepare(char **urls, int count, int keeps) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    targets = count;
    easy = calloc(count, sizeof *easy);
    for (int i = 0; i < count; i++) {
        easy[i] = curl_easy_init();
        curl_easy_setopt(easy[i], CURLOPT_URL, urls[i]);
        curl_easy_setopt(easy[i], CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(easy[i], CURLOPT_FRESH_CONNECT, keeps ? 0L : 1L);
        curl_easy_setopt(easy[i], CURLOPT_FORBID_REUSE, keeps ? 0L : 1L);
        curl_easy_setopt(easy[i], CURLOPT_TIMEOUT_MS, 20000L);
        curl_easy_setopt(easy[i], CURLOPT_NOSIGNAL, 1L);
    }
}

// How many transfers failed.
static int check(void) {
    int running = 0, left, failed = 0;
    for (int i = 0; i < targets; i++) curl_multi_add_handle(multi, easy[i]);
    do {
        curl_multi_perform(multi, &running);
        if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    } while (running);
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));)
        if (message->data.result != CURLE_OK) failed++;
    for (int i = 0; i < targets; i++) curl_multi_remove_handle(multi, easy[i]);
    return failed;
}

static double cpu_milliseconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static int measure(int count) {
    int failed = 0;
    double before = cpu_milliseconds();
    for (int round = 0; round < count; round++) failed += check();
    printf("%.2f\n", (cpu_milliseconds() - before) * 1000 / count);
    return failed ? 1 : 0;
}

static int serve(int port) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)) return 1;
    for (int client; (client = accept(listener, NULL, NULL)) >= 0; close(client)) {
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        char head[4096];
        size_t length = 0;
        for (ssize_t count; (count = read(client, head + length, sizeof head - 1 - length)) > 0;) {
            head[length += count] = 0;
            if (!strstr(head, "\r\n\r\n")) continue;
            length = 0;
            const char *answer = check() ? "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
                                         : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            if (write(client, answer, strlen(answer)) < 0) break;
        }
    }
    return 1;
}

int main(int argc, char **argv) {
    int option, keeps = 0, count = 0, port = 0;
    while ((option = getopt(argc, argv, "kn:l:")) != -1) {
        if (option == 'k') keeps = 1;
        else if (option == 'n') count = atoi(optarg);
        else if (option == 'l') port = atoi(optarg);
        else return 64;
    }
    if (optind == argc || (count > 0) == (port > 0)) return 64;
    signal(SIGPIPE, SIG_IGN);
    prepare(argv + optind, argc - optind, keeps);
    return port ? serve(port) : measure(count);
}
