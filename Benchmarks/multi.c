// The yardstick: the same checks by libcurl's multi interface and nothing else. Each check is one GET to every URL, all
// at once, each on a new connection. Prints the CPU time of 1,000 checks in milliseconds.
//
//     multi COUNT URL…
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static double cpu_milliseconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    int count = atoi(argv[1]), targets = argc - 2, failed = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    CURL **easy = calloc(targets, sizeof *easy);
    for (int i = 0; i < targets; i++) {
        easy[i] = curl_easy_init();
        curl_easy_setopt(easy[i], CURLOPT_URL, argv[i + 2]);
        curl_easy_setopt(easy[i], CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(easy[i], CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy[i], CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy[i], CURLOPT_TIMEOUT_MS, 1500L);
        curl_easy_setopt(easy[i], CURLOPT_NOSIGNAL, 1L);
    }
    double before = cpu_milliseconds();
    for (int round = 0; round < count; round++) {
        int running = 0, left;
        for (int i = 0; i < targets; i++) curl_multi_add_handle(multi, easy[i]);
        do {
            curl_multi_perform(multi, &running);
            if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
        } while (running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));)
            if (message->data.result != CURLE_OK) failed++;
        for (int i = 0; i < targets; i++) curl_multi_remove_handle(multi, easy[i]);
    }
    printf("%.1f\n", (cpu_milliseconds() - before) * 1000 / count);
    return failed ? 1 : 0;
}
