// The first step of process 1 in the images: blocks SIGINT and SIGTERM, and becomes healthz, which takes them on.
//
// The kernel drops a signal to process 1 that neither has a handler nor is blocked. Linking healthz to its libraries takes 5 ms
// and more, in which a `docker stop` would be lost, and end in SIGKILL after 10 s. This program needs no library but libc.
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments) {
    (void)count;
    sigset_t endings;
    sigemptyset(&endings);
    sigaddset(&endings, SIGINT);
    sigaddset(&endings, SIGTERM);
    sigprocmask(SIG_BLOCK, &endings, NULL);
    arguments[0] = "/usr/local/bin/healthz";
    execv(arguments[0], arguments);
    perror(arguments[0]);
    return 127;
}
