import CSystem
import Glibc
import Sockets

/// The memory of the process.
enum Footprint {
    /// The time after which the start is over, and `trim` may be called.
    static let settling: Duration = .seconds(1)

    /// Makes all threads share one heap, because nearly all memory is allocated on the loop. Otherwise each thread
    /// that allocates gets a heap of its own. Must be called before the first thread is started.
    static func shareHeap() {
        mallopt(M_ARENA_MAX, 1)
    }

    /// Releases the pages of code that only the start needs: most of the resident memory (7 MiB). If such a page is
    /// needed again, the kernel maps it from the page cache.
    ///
    /// Only code is released: it is never written to. Data of the same files may have been relocated. This takes half
    /// a millisecond of the loop, once.
    static func trim() {
        guard let maps = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(maps) }
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, Int32(line.count), maps) != nil {
            guard let range = codeRange(line) else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// The addresses of a line such as `55d0c0a00000-55d0c17d1000 r-xp 00000000 fe:00 1234  /usr/bin/healthz` (proc_pid_maps(5)).
    private static func codeRange(_ line: [CChar]) -> Range<UInt>? {
        let fields = String(buffer: line)
            .split(separator: " ", maxSplits: 5)
        guard fields.count == 6, fields[1] == "r-xp", fields[5].contains("/") else { return nil }
        let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        return bounds[0]..<bounds[1]
    }
}
