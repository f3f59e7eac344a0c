// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// One room of the house: a folder under Sources/ (see docs/architecture.md for who may import whom).
func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Programs for libFuzzer, which brings their main function: only `make fuzz` builds them.
func fuzzer(_ room: String) -> Target {
    .executableTarget(
        name: "\(room)Fuzzer",
        dependencies: [
            "Configuration", "Discovery", "HTTPClient", "Health", "HTTPWire", "Judging", "Time", httpTypes,
        ],
        path: "Fuzz/\(room)Fuzzer",
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

let fuzzers =
    Context.environment["HEALTHZ_FUZZ"] == nil
    ? [] : ["Configuration", "Discovery", "HTTPWire", "Health", "Judging"].map(fuzzer)

/// What one call of each room's hot function costs: only `make bench` builds it. The C target counts allocations.
let benchmarks: [Target] =
    Context.environment["HEALTHZ_BENCH"] == nil
    ? []
    : [
        .target(name: "Allocations", path: "Benchmarks/Allocations"),
        .executableTarget(
            name: "HotPaths",
            dependencies: [
                "Allocations", "Time", "EventLoop", "HTTPClient", "HTTPWire", "Health", "Judging", "Reporting",
                httpTypes,
            ],
            path: "Benchmarks/HotPaths", swiftSettings: strict),
    ]

let package = Package(
    name: "healthz",
    products: [.executable(name: "healthz", targets: ["healthz"])],
    // Exact versions: a later build of the same commit gives the same program.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CSystem"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        room("Time", ["CSystem"]),
        room("HTTPClient", ["Time"]),
        room("Health", ["HTTPClient", "Time"]),
        room("Discovery", ["CCrypto", "EventLoop", "HTTPClient", "Health", "Time"]),
        room("EventLoop", ["Time", "CSystem", heap]),
        room("Sockets"),
        room("HTTPWire", ["Sockets", "Time", httpTypes]),
        room("HTTPServer", ["Time", "CSystem", "EventLoop", "HTTPWire", "Sockets", httpTypes]),
        room("Judging", ["HTTPClient", "Health", "Time"]),
        room("CurlClient", ["CCurl", "CSystem", "EventLoop", "HTTPClient", "Time"]),
        room("Probing", ["CurlClient", "EventLoop", "HTTPClient", "Health", "Judging", "Time"]),
        room(
            "Reporting", ["Health", "Time"],
            resources: [.embedInCode("Page/page.css"), .embedInCode("Page/page.js")]),
        room("API", ["HTTPWire", "Health", "Reporting", "Sockets", "Time", httpTypes]),
        room(
            "Configuration", ["CCrypto", "CYAML", "Discovery", "HTTPClient", "HTTPWire", "Health", "Sockets", "Time"]),
        room("StandIns", ["EventLoop", "HTTPServer", "HTTPWire", "Sockets", httpTypes]),
        .executableTarget(
            name: "healthz",
            dependencies: [
                "API", "CSystem", "Time", "Configuration", "CurlClient", "Discovery", "EventLoop", "HTTPClient",
                "HTTPServer", "HTTPWire", "Health", "Probing", "Reporting", "Sockets", "StandIns",
                argumentParser, httpTypes, logging,
            ],
            swiftSettings: strict),

        .systemLibrary(name: "CTestSupport", path: "Tests/CTestSupport"),
        .target(
            name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("TimeTests", ["Time"]),
        tests("HealthTests", ["Time", "EventLoop", "HTTPClient", "Health", "TestSupport"]),
        tests("EventLoopTests", ["Time", "EventLoop", "TestSupport"]),
        tests("HTTPClientTests", ["HTTPClient"]),
        tests("DiscoveryTests", ["Discovery", "HTTPClient", "TestSupport", "Time"]),
        tests("HTTPWireTests", ["HTTPWire", "Time", "TestSupport", httpTypes]),
        tests("SocketsTests", ["Sockets"]),
        tests("HTTPServerTests", ["EventLoop", "HTTPServer", "HTTPWire", "Sockets", "TestSupport", httpTypes]),
        tests("JudgingTests", ["HTTPClient", "Health", "Judging", "Time"]),
        tests("CurlClientTests", ["CCurl", "CurlClient", "EventLoop", "HTTPClient", "TestSupport", "Time"]),
        tests(
            "ProbingTests",
            ["CurlClient", "Time", "EventLoop", "HTTPClient", "Health", "Judging", "Probing", "TestSupport"]),
        tests("ReportingTests", ["HTTPClient", "Time", "Health", "Reporting", "TestSupport"]),
        tests("ConfigurationTests", ["Configuration", "HTTPClient", "Health", "Sockets", "TestSupport", "Time"]),
        tests(
            "APITests",
            ["API", "EventLoop", "HTTPClient", "HTTPWire", "Health", "Sockets", "TestSupport", "Time", httpTypes]),
        tests("StandInsTests", ["EventLoop", "HTTPServer", "HTTPWire", "StandIns", "TestSupport", httpTypes]),
        tests(
            "EndToEndTests",
            [
                "CTestSupport", "Configuration", "Discovery", "HTTPClient", "HTTPWire", "Health", "TestSupport", "Time",
                "healthz", httpTypes,
            ]),
    ] + fuzzers + benchmarks
)
