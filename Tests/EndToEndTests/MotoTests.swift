import TestSupport
import Testing

@Suite("Cloud Map as moto has it, with signatures", .serialized, .timeLimit(.minutes(5)))
struct MotoTests {
    @Test(
        "By five variables a node is registered, sweeps another stack and is deregistered; wrong keys end with 77",
        .enabled(if: Moto.path != nil, "moto_server is not installed (pip install 'moto[server]')"))
    func dropIn() throws {
        let moto = try Moto(#require(Moto.path))
        try moto.register("b-1", stack: "blue")
        try moto.checkSignatures()
        let node = [
            "SERVICE_ID": moto.service, "STACK_ID": "green", "REGION": "eu-central-1", "SYSTEM_IP_ADDR": "10.0.0.7",
            "SYSTEM_INSTANCE_ID": "i-1",
        ]
        func run(_ arguments: [String], _ more: [String: String] = [:]) throws -> Program.Ended {
            let variables = moto.environment.merging(node) { $1 }.merging(more) { $1 }
            let ended = try Program.run(arguments, environment: variables)
            #expect(!(ended.output + ended.errors).contains(moto.secret))
            return ended
        }
        let registered = try run(["register"])
        #expect(registered.code == 0 && registered.errors.isEmpty, "\(registered.errors)")
        #expect(registered.output.hasSuffix("sweeping 1 of other stacks\nswept b-1\n"), "\(registered.output)")
        #expect(moto.count(403) == 0)

        let refused = try run(["register"], ["AWS_SECRET_ACCESS_KEY": "wrong"])
        #expect(refused.code == 77 && refused.errors.contains("RegisterInstance: "), "\(refused.errors)")
        #expect(moto.count(403) == 1)

        // The list has what the two have left.
        let other = ["STACK_ID": "blue", "SYSTEM_INSTANCE_ID": "b-2"]
        #expect(try run(["register", "--dry-run"], other).output == "would register b-2\nwould sweep i-1\n")
        let gone = try run(["deregister"])
        #expect(gone.code == 0 && gone.output == "deregistered\n", "\(gone.errors)")
        #expect(try run(["deregister"]).output == "not registered: nothing to do\n")
    }
}
