/* The wall clock of a process under test, as a file says it: eight bytes, milliseconds since 1970,
 * in the machine's byte order. Preloaded into the real programs, which know nothing of it, so that days pass in
 * a test of a second. All other clocks are the system's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *now_ms;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("FOLGE_STILL_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        abort();
    close(file);
    now_ms = page;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (now_ms && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = *now_ms;
        time->tv_sec = ms / 1000;
        time->tv_nsec = ms % 1000 * 1000000;
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}
