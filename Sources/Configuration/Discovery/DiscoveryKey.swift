package enum DiscoveryKey: String, CaseIterable, Sendable {
    case cloudMap = "cloud_map"
    case consul
}

package enum CloudMapKey: String, CaseIterable, Sendable {
    case serviceID = "service_id"
    case stackID = "stack_id"
    case instanceID = "instance_id"
    case address, region, endpoint, port, attributes, register
    case onDrain = "on_drain"
    case refresh
}

package enum ConsulKey: String, CaseIterable, Sendable {
    case address
    case tokenFile = "token_file"
    case service
    case serviceID = "service_id"
    case serviceAddress = "service_address"
    case port, tags, meta, check, url, ttl, degraded
    case deregisterAfter = "deregister_after"
    case register
    case onDrain = "on_drain"
    case services
}

/// The keys of an entry in `services`.
package enum ConsulServiceKey: String, CaseIterable, Sendable {
    case serviceID = "service_id"
    case serviceAddress = "service_address"
    case port, tags, meta, url, verdict
}

enum RegisterWord: String, CaseIterable {
    case healthy, start
}

enum CloudMapDrainWord: String, CaseIterable {
    case deregister, unhealthy, keep
}

enum ConsulDrainWord: String, CaseIterable {
    case deregister, critical, keep
}

enum ConsulCheckWord: String, CaseIterable {
    case ttl, http
}

enum DegradedWord: String, CaseIterable {
    case warning, passing
}
