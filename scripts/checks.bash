# shellcheck shell=bash
# For scripts that check something and print each result; to be sourced. `failures` counts what failed.
failures=0

say() { printf '%s\n' "$*"; }
check() { # WHAT COMMAND...
    local what="$1"
    shift
    if "$@"; then
        say "  ok      $what"
    else
        say "  FAILED  $what"
        failures=$((failures + 1))
    fi
}
# within SECONDS COMMAND...: repeats the command until it succeeds, and sets $took to the time in ms.
within() {
    local limit="$1" began now
    shift
    began="$(date +%s%3N)"
    while :; do
        if "$@"; then
            now="$(date +%s%3N)"
            took=$((now - began))
            return 0
        fi
        now="$(date +%s%3N)"
        if [ $((now - began)) -gt $((limit * 1000)) ]; then
            # shellcheck disable=SC2034 # for the caller
            took=$((now - began))
            return 1
        fi
        sleep 0.1
    done
}
