import Foundation
import TestSupport
import Testing

/// What one scrape found.
struct Scrape {
    /// Values by the series as it is written.
    let samples: [String: Double]
    private let types: [String: String]

    init(_ sidecar: RunningSidecar) throws {
        try self.init(sidecar.get("/metrics"))
    }

    init(_ response: RawResponse) throws {
        try #require(response.status == 200)
        var samples: [String: Double] = [:]
        var types: [String: String] = [:]
        for line in response.body.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE ") {
                types[String(words[2])] = String(words[3])
            } else if !line.hasPrefix("#") {
                let series = line.prefix(upTo: line.lastIndex(of: " ") ?? line.endIndex)
                #expect(samples[String(series)] == nil, "\(series) stands twice")
                let value: Double = try #require(words.last.flatMap { Double($0) }, "\(line)")
                samples[String(series)] = value
            }
        }
        self.samples = samples
        self.types = types
    }

    subscript(series: String) -> Double? { samples[series] }

    var names: [String] { Array(types.keys) }

    /// Name, type and sorted labels of each metric.
    var descriptions: [String] {
        types.map { name, type in
            let series = samples.keys.first { $0.prefix { $0 != "{" }.hasPrefix(name) } ?? ""
            let labels = series.drop { $0 != "{" }.dropFirst().dropLast().split(separator: ",")
                .map { String($0.prefix { $0 != "=" }) }
            return "\(name) \(type) \(labels.filter { $0 != "le" }.sorted())"
        }
    }

    /// Scrapes again and again until it is so.
    static func until(_ sidecar: RunningSidecar, _ condition: (Scrape) -> Bool) throws -> Scrape {
        var samples: [String: Double] = [:]
        return try eventually("what is waited for in \(samples)") {
            let scrape = try Scrape(sidecar)
            samples = scrape.samples
            return condition(scrape) ? scrape : nil
        }
    }
}
