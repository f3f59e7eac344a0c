/// All metrics. docs/metrics.md lists them, and a test compares the two.
package enum Metric: String, CaseIterable, Sendable {
    case up = "healthz_up"
    case serviceUp = "healthz_service_up"
    case serviceStatus = "healthz_service_status"
    case serviceCritical = "healthz_service_critical"
    case targetUp = "healthz_target_up"
    case serviceLastStateChange = "healthz_service_last_state_change_timestamp_seconds"
    case serviceStateChanges = "healthz_service_state_changes_total"
    case probeDuration = "healthz_probe_duration_seconds"
    case probeFailures = "healthz_probe_failures_total"
    case checks = "healthz_checks_total"
    case coalescedRequests = "healthz_coalesced_requests_total"
    case reportAge = "healthz_report_age_seconds"
    case draining = "healthz_draining"
    case discoveryRegistered = "healthz_discovery_registered"
    case discoveryState = "healthz_discovery_state"
    case discoveryStatus = "healthz_discovery_status"
    case discoveryRequests = "healthz_discovery_requests_total"
    case discoveryFailures = "healthz_discovery_failures_total"
    case discoveryLastSuccess = "healthz_discovery_last_success_timestamp_seconds"
    case connectionsOpen = "healthz_connections_open"
    case connectionsAccepted = "healthz_connections_accepted_total"
    case connectionsRefused = "healthz_connections_refused_total"
    case requests = "healthz_http_requests_total"
    case lastReloadSuccessful = "healthz_config_last_reload_successful"
    case lastReloadSuccess = "healthz_config_last_reload_success_timestamp_seconds"
    case buildInfo = "healthz_build_info"
    case cpuSeconds = "process_cpu_seconds_total"
    case openDescriptors = "process_open_fds"
    case maxDescriptors = "process_max_fds"
    case virtualMemory = "process_virtual_memory_bytes"
    case residentMemory = "process_resident_memory_bytes"
    case startTime = "process_start_time_seconds"

    package enum Kind: String, Sendable {
        case gauge, counter, histogram
        /// A gauge that is always 1, with information in its labels. Only OpenMetrics has this type.
        case info
    }

    package var kind: Kind {
        switch self {
        case .serviceStateChanges, .probeFailures, .checks, .coalescedRequests, .connectionsAccepted,
            .connectionsRefused, .requests, .cpuSeconds, .discoveryRequests, .discoveryFailures:
            .counter
        case .probeDuration: .histogram
        case .buildInfo: .info
        case .up, .serviceUp, .serviceStatus, .serviceCritical, .targetUp, .serviceLastStateChange, .reportAge,
            .draining, .connectionsOpen, .lastReloadSuccessful, .lastReloadSuccess, .openDescriptors, .maxDescriptors,
            .virtualMemory, .residentMemory, .startTime, .discoveryRegistered, .discoveryState,
            .discoveryStatus, .discoveryLastSuccess:
            .gauge
        }
    }

    /// The name of the family in OpenMetrics: without the suffix for the type of its samples.
    var family: String {
        switch kind {
        case .counter: String(rawValue.dropLast("_total".count))
        case .info: String(rawValue.dropLast("_info".count))
        case .gauge, .histogram: rawValue
        }
    }

    /// The unit in the name, if there is one.
    var unit: String? { ["seconds", "bytes"].first { family.hasSuffix("_\($0)") } }

    var help: String {
        switch self {
        case .up: "Whether /healthz would answer 200 by what is known now."
        case .serviceUp: "Whether the service is healthy or degraded."
        case .serviceStatus: "1 for the status that the service has, 0 for the others."
        case .serviceCritical: "Whether the service's failure makes the node unhealthy."
        case .targetUp: "Whether an instance of a service is healthy."
        case .serviceLastStateChange: "Time of the last change of the verdict of the service."
        case .serviceStateChanges: "Changes of the service between healthy, degraded and unhealthy."
        case .probeDuration: "How long probes of the service took."
        case .probeFailures: "Failed probes of the service, by cause."
        case .checks: "Checks begun."
        case .coalescedRequests: "Requests that shared a check which was in the air already."
        case .reportAge: "How long ago the check began that the latest report on all services comes from."
        case .draining: "Whether the node is not to be used any more, as the process is about to end."
        case .discoveryRegistered: "Whether service discovery has this node, as far as is known."
        case .discoveryState: "1 for the state of the registration, 0 for the others."
        case .discoveryStatus: "1 for the status that service discovery has acknowledged, 0 for the others."
        case .discoveryRequests: "Requests to service discovery, by operation."
        case .discoveryFailures: "Requests to service discovery that failed, by cause."
        case .discoveryLastSuccess: "When service discovery last did what it was asked for."
        case .connectionsOpen: "Connections of clients that are open."
        case .connectionsAccepted: "Connections of clients that were accepted."
        case .connectionsRefused: "Connections that were closed or kept waiting as a limit was reached, by limit."
        case .requests: "Requests answered, by route and status code."
        case .lastReloadSuccessful: "Whether the last reload of the configuration succeeded."
        case .lastReloadSuccess: "When the configuration that is in force was loaded."
        case .buildInfo: "The version of healthz that runs."
        case .cpuSeconds: "User and system CPU time spent."
        case .openDescriptors: "Open file descriptors."
        case .maxDescriptors: "The limit of open file descriptors."
        case .virtualMemory: "Virtual memory size."
        case .residentMemory: "Resident memory size."
        case .startTime: "When the process started, in seconds since 1970."
        }
    }
}
