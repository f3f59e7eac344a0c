import Glibc
import Sockets

/// The `healthz serve` process on this machine, and its listening sockets (proc(5)).
///
/// Its listen address may come from its flags or its file, which a HEALTHCHECK does not know. The kernel knows it.
struct ServingProcess {
    private let folder: String

    /// - Returns: nil if there is no such process, or more than one: then the choice would be a guess.
    static func only() -> ServingProcess? {
        let own = (program: link("/proc/self/exe"), network: link("/proc/self/ns/net"))
        guard own.program != nil else { return nil }
        let found = names(in: "/proc").compactMap { Int32($0) }
            .filter { $0 != getpid() && link("/proc/\($0)/exe") == own.program }
            .filter { link("/proc/\($0)/ns/net") == own.network && isServing($0) }
        return found.count == 1 ? ServingProcess(folder: "/proc/\(found[0])") : nil
    }

    /// The listen addresses; empty if they cannot be read.
    var addresses: [ListenAddress] {
        let sockets = Set(
            ServingProcess.names(in: "\(folder)/fd").compactMap { ServingProcess.link("\(folder)/fd/\($0)") })
        return read("tcp", sockets, ListeningSockets.tcp) + read("tcp6", sockets, ListeningSockets.tcp)
            + read("unix", sockets, ListeningSockets.unix)
    }

    private func read(
        _ table: String, _ sockets: Set<String>,
        _ parse: (_ line: Substring) -> (inode: Substring, address: ListenAddress)?
    ) -> [ListenAddress] {
        ProcessReader.text(of: "\(folder)/net/\(table)").split(separator: "\n").compactMap { line in
            guard let (inode, address) = parse(line), sockets.contains("socket:[\(inode)]") else { return nil }
            return address
        }
    }

    /// Whether the command line is that of `serve`, which is also the default.
    private static func isServing(_ process: Int32) -> Bool {
        let arguments = ProcessReader.text(of: "/proc/\(process)/cmdline").split(separator: "\0")
        guard arguments.count > 1 else { return !arguments.isEmpty }
        return arguments[1] == "serve" || arguments[1].hasPrefix("-")
    }

    private static func names(in folder: String) -> [String] {
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    /// The target of a symbolic link, such as `socket:[12345]`; nil if it cannot be read.
    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}

/// Lines of the kernel's socket tables (proc_net_tcp(5), proc_net_unix(5)).
enum ListeningSockets {
    /// Such as `0: 0100007F:1F90 00000000:0000 0A …`, where 0A is LISTEN; addresses are words in the machine's byte order.
    static func tcp(_ line: Substring) -> (inode: Substring, address: ListenAddress)? {
        let fields = line.split(separator: " ")
        guard fields.count > 9, fields[3] == "0A" else { return nil }
        let parts = fields[1].split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16), let host = host(parts[0]) else { return nil }
        return (fields[9], .tcp(host: host, port: port))
    }

    /// Such as `0000000000000000: 00000002 00000000 00010000 0001 01 31227 /run/healthz.sock`: flags 10000 mean that it
    /// accepts connections.
    static func unix(_ line: Substring) -> (inode: Substring, address: ListenAddress)? {
        let fields = line.split(separator: " ", maxSplits: 7)
        guard fields.count == 8, fields[3] == "00010000", fields[7].hasPrefix("/") else { return nil }
        return (fields[6], .unix(path: String(fields[7])))
    }

    private static func host(_ digits: Substring) -> String? {
        var words: [UInt32] = []
        var rest = digits
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(8)
        }
        let family = words.count == 1 ? AF_INET : AF_INET6
        guard words.count == 1 || words.count == 4 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, words, &text, socklen_t(text.count)) != nil else { return nil }
        return String(buffer: text)
    }
}
