import Foundation
import TestSupport
import Testing

@Suite("The maintenance file", .serialized, .timeLimit(.minutes(5)))
struct MaintenanceTests {
    @Test("While the file exists the node is unhealthy, and the log says when it came and went")
    func file() async throws {
        let stack = try Stack()
        let folder = try Folder()
        let path = folder.path("maintenance")
        let environment = stack.environment.merging(["HEALTHZ_MAINTENANCE_FILE": path]) { $1 }
        let sidecar = try RunningSidecar(environment)
        #expect(try sidecar.get("/healthz").status == 200)
        try folder.write("disk swap\nmore\n", to: "maintenance")
        try await waitUntil("the file is seen") { try sidecar.get("/healthz").status == 500 }
        let body = try sidecar.get("/healthz").body
        #expect(body.contains("the node is under maintenance: disk swap"), "\(body)")
        #expect(try sidecar.get("/livez").status == 200)
        try FileManager.default.removeItem(atPath: path)
        try await waitUntil("the file is gone") { try sidecar.get("/healthz").status == 200 }
        sidecar.program.signal(SIGINT)
        let log = try sidecar.program.wait().errors
        #expect(log.contains("the maintenance file exists; /healthz fails from now on: disk swap"))
        #expect(log.contains("maintenance is over"))
    }
}
