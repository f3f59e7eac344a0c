import TestSupport
import Testing

@testable import HTTPServer

@Suite("Descriptors")
struct DescriptorsTests {
    @Test("Where their folder has no size, open descriptors are counted one by one, without the one that reads it")
    func counted() throws {
        let folder = try Folder()
        for name in 0..<5 { try folder.write("", to: "\(name)") }
        #expect(Descriptors.counted(in: folder.path) == 4)
        #expect(Descriptors.counted(in: folder.path("none")) == nil)
    }

    @Test("No more are open than there may be")
    func limit() throws {
        let (open, limit) = try (#require(Descriptors.open), #require(Descriptors.limit))
        #expect(open > 2 && open <= limit)
    }
}
