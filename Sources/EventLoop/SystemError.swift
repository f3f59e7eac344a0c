import Glibc

/// A system call that failed: its name and errno(3).
package struct SystemError: Error, Hashable, CustomStringConvertible {
    package let call: String
    package let code: Int32

    package init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The error of the last failed call on this thread.
    package static func last(in call: String) -> SystemError {
        SystemError(call: call, code: errno)
    }

    /// The system's message, such as "Address already in use".
    package var reason: String { String(cString: strerror(code)) }

    /// Whether this process or the machine had no descriptor or no memory left.
    package var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

    /// Why no descriptor can be opened now; nil if one can.
    package static var shortageOfDescriptors: SystemError? {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        let error = SystemError.last(in: "open")
        return error.isShortage ? error : nil
    }

    package var description: String { "\(call): \(reason)" }
}

extension String {
    /// The system's messages begin with a capital letter, which is wrong in the middle of a line.
    package var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
