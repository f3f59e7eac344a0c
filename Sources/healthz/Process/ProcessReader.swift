import CSystem
import Glibc
import HTTPServer
import Health
import Reporting
import Time

/// Reads the kernel's figures about this process (proc(5)). They are in memory, so this may run on the loop.
struct ProcessReader {
    private let ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))
    private let pageBytes = sysconf(Int32(_SC_PAGESIZE))
    /// When the machine started, in milliseconds since 1970. Not from /proc/stat, which is hidden from a hardened
    /// unit.
    private let bootedAt = Moment.now.timestamp.milliseconds - healthz_nanoseconds_since_boot() / 1_000_000

    /// nil if /proc has an unexpected format.
    func read() -> Figures.Process? {
        let text = ProcessReader.text(of: "/proc/self/stat")
        // The second field is the program's name in parentheses, which may contain anything; so the first field here
        // is the third.
        guard let name = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ").map { Int($0) }
        func field(_ number: Int) -> Int? { fields.indices.contains(number - 3) ? fields[number - 3] : nil }

        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let residentPages = field(24), let open = Descriptors.open, let limit = Descriptors.limit
        else { return nil }
        return Figures.Process(
            cpu: .milliseconds((user + system) * 1000 / ticksPerSecond), openDescriptors: open, maxDescriptors: limit,
            virtualBytes: virtual, residentBytes: residentPages * pageBytes,
            startedAt: Timestamp(milliseconds: bootedAt + Int64(start * 1000 / ticksPerSecond)))
    }

    /// Empty if it cannot be read.
    static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}
