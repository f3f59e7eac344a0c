import Glibc

/// The arguments that the system gave `main`.
///
/// Swift's `CommandLine` reads them from /proc/self/cmdline. If that cannot be read, it is empty, and healthz would
/// serve with the default configuration.
enum Arguments {
    /// Without the program's name; nil if they are not found. To be called on the main thread.
    static func read() -> [String]? {
        if let found = onStack() { return found }
        // A library has moved the environment before `main`.
        let arguments = CommandLine.arguments
        return arguments.isEmpty ? nil : Array(arguments.dropFirst())
    }

    /// They are on the stack before the environment: argc, argv[0] to argv[argc - 1], a null pointer, environ (System
    /// V ABI, AMD64 supplement, §3.4.1; the same on AArch64). No pointer is as small as a count of arguments.
    private static func onStack() -> [String]? {
        let environment = UnsafeMutableRawPointer(environ)
        // The stack grows down, and the memory above it is not mapped: an address above this call is on the stack.
        var here: UInt = 0
        let isOnStack = withUnsafeMutableBytes(of: &here) { $0.baseAddress.map { $0 < environment } ?? false }
        guard isOnStack else { return nil }
        let end = environment.assumingMemoryBound(to: UInt.self) - 1
        var count = 0
        while (end - 1 - count).pointee != UInt(count) { count += 1 }
        let arguments = (0..<count).compactMap { UnsafePointer<CChar>(bitPattern: (end - count + $0).pointee) }
        return arguments.dropFirst().map { String(cString: $0) }
    }
}
