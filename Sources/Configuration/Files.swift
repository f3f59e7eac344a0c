import Glibc

/// Reads the files of a configuration: the configuration file, secrets and certificates.
package struct Files: Sendable {
    /// Why a file was not read: a phrase that follows its name.
    package struct Failure: Error {
        package let problem: String

        package init(problem: String) {
            self.problem = problem
        }
    }

    /// The largest file. A file with all public certificate authorities has a quarter of that size.
    static let byteLimit = 1 << 20

    package let read: @Sendable (String) -> Result<[UInt8], Failure>

    package init(read: @escaping @Sendable (String) -> Result<[UInt8], Failure>) {
        self.read = read
    }

    /// Reads from the file system. It may block, so it must not run on the event loop.
    package static let system = Files { path in
        // Opening a FIFO would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(lastError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(lastError()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Failure(problem: "cannot be read: it is not a regular file"))
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= byteLimit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return .success(bytes) }
            guard count > 0 else { return .failure(lastError()) }
            bytes += buffer.prefix(count)
        }
        return .failure(Failure(problem: "cannot be read: it is larger than \(byteLimit / 1024) KiB"))
    }

    private static func lastError() -> Failure {
        let words = String(cString: strerror(errno))
        return Failure(problem: "cannot be read: \(words.prefix(1).lowercased() + words.dropFirst())")
    }
}
