package import HTTPClient

/// The region and the URL of Cloud Map's API.
package struct CloudMapPlace: Sendable, Equatable {
    /// Why there is no place. The set is closed: each cause has one case and one text.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        case region(String)
        /// A setting or a variable is not an http or https URL. It is not shown, because it may have credentials.
        case endpoint(name: String)

        package var description: String {
            switch self {
            case .region(let text): "\"\(text)\" is not the name of a region"
            case .endpoint(let name): "\(name) is not an http or https URL"
            }
        }
    }

    package let region: String
    package let endpoint: URL

    /// The region in the environment; nil if the metadata service must be asked.
    package static func region(in environment: Environment) -> String? {
        environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
    }

    /// - Parameter setting: the endpoint in the configuration; nil if there is none.
    package init(region: String, setting: String? = nil, _ environment: Environment) throws(Failure) {
        guard region.isHostLabel else { throw .region(region) }
        self.region = region
        endpoint = try CloudMapPlace.configured(setting, environment) ?? CloudMapPlace.computed(region, environment)
    }

    private static func configured(_ setting: String?, _ environment: Environment) throws(Failure) -> URL? {
        var candidates = [("the endpoint", setting)]
        if !environment.isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            let names = ["AWS_ENDPOINT_URL_SERVICEDISCOVERY", "AWS_ENDPOINT_URL"]
            candidates += names.map { ($0, environment[$0]) }
        }
        for case (let name, let text?) in candidates {
            guard let url = URL(text: text) else { throw .endpoint(name: name) }
            return url
        }
        return nil
    }

    private static func computed(_ region: String, _ environment: Environment) -> URL {
        let isFIPS = environment.isTrue("AWS_USE_FIPS_ENDPOINT")
        let isDualStack = environment.isTrue("AWS_USE_DUALSTACK_ENDPOINT")
        let suffix =
            switch (region.hasPrefix("cn-"), isDualStack) {
            case (false, false): "amazonaws.com"
            case (false, true): "api.aws"
            case (true, false): "amazonaws.com.cn"
            case (true, true): "api.amazonwebservices.com.cn"
            }
        let name = isFIPS ? "servicediscovery-fips" : "servicediscovery"
        return URL(scheme: .https, host: "\(name).\(region).\(suffix)", target: "/")
    }
}

extension String {
    /// RFC 1123, in lower case, because it becomes a part of a host name.
    fileprivate var isHostLabel: Bool {
        (1...63).contains(utf8.count) && !hasPrefix("-") && !hasSuffix("-")
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
