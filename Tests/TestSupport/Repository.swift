import Foundation

/// The files that stand beside the program, for tests that hold what is written there against it.
package enum Repository {
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// - Parameter path: from the root on.
    package static func path(_ path: String) -> String {
        "\(root)/\(path)"
    }

    /// What is not UTF-8 in it is replaced: some fixtures are wrong in that way.
    package static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: self.path(path))), as: UTF8.self)
    }

    /// The paths of a folder's files, by name.
    package static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted().map { "\(folder)/\($0)" }
    }

    /// Of a document's tables, those rows that begin with code.
    package static func rows(of document: String) throws -> [Substring] {
        try text(document).split(separator: "\n").filter { $0.hasPrefix("| `") }
    }
}
