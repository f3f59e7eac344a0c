import Configuration
import Health

/// Reads the input as a configuration file: it may be refused, but with a place for each mistake, and in no other way.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let files = Files { name in
        switch name {
        case "healthz.yaml": .success(bytes)
        case "token": .success(Array("0123456789abcdef".utf8))
        default: .failure(Files.Failure(problem: "cannot be read: no such file or directory"))
        }
    }
    do {
        let configuration = try Configuration(
            flags: [.config: "healthz.yaml"], environment: ["NAME": "loki", "EMPTY": ""], files: files)
        precondition(!configuration.services.isEmpty)
        for service in configuration.services {
            precondition((1...service.instances.count).contains(service.required))
        }
        precondition(configuration.worstDetection.time > .zero)
    } catch {
        precondition(!error.mistakes.isEmpty)
        precondition(error.mistakes.allSatisfy { !$0.description.isEmpty })
    }
    return 0
}
