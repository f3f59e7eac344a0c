import CSystem
import Glibc
import Sockets

/// What the process takes of the machine's memory.
enum Footprint {
    /// When the start is over, and what only it needed may go.
    static let settling: Duration = .seconds(1)

    /// One heap for all threads, as nearly all is allocated on the loop: else each thread that ever allocates gets one of
    /// its own. To be called before there are threads.
    static func shareHeap() {
        mallopt(M_ARENA_MAX, 1)
    }

    /// Gives back what the start has freed, and lets go of the code that only it has needed, so that it counts as this
    /// process's no longer: most of the resident memory. What is needed again is mapped again, from the page cache.
    ///
    /// Code alone: nothing is ever written to it, whereas data of the same files may have been relocated. For once, half a
    /// millisecond of the loop: what is read is the kernel's memory, and a thread of the global pool would be looked after
    /// for ever.
    static func trim() {
        malloc_trim(0)
        guard let maps = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(maps) }
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, Int32(line.count), maps) != nil {
            guard let range = codeRange(line) else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Of a line such as `55d0c0a00000-55d0c17d1000 r-xp 00000000 fe:00 1234  /usr/bin/healthz` (proc_pid_maps(5)).
    private static func codeRange(_ line: [CChar]) -> Range<UInt>? {
        let fields = String(buffer: line)
            .split(separator: " ", maxSplits: 5)
        guard fields.count == 6, fields[1] == "r-xp", fields[5].contains("/") else { return nil }
        let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        return bounds[0]..<bounds[1]
    }
}
