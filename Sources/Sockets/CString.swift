extension String {
    /// The text in a buffer of a C function, up to the first zero byte.
    package init(buffer: [CChar]) {
        self = buffer.withUnsafeBytes { String(untilZero: $0) }
    }

    /// The text up to the first zero byte, or to the end.
    init(untilZero bytes: UnsafeRawBufferPointer) {
        self.init(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
