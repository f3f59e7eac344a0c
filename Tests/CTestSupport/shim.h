#pragma once
// What Swift's Glibc module does not have, as it is built without _GNU_SOURCE: pipe2(2) and closefrom for posix_spawn(3).
#include <spawn.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
