extension CloudMapRegistrar {
    /// How long Cloud Map waits before it believes a custom health, as its documentation says: about that.
    package static let propagation = Duration.seconds(30)

    package struct Settings: Sendable, Equatable {
        package enum Start: Sendable {
            /// At the first check that is healthy or degraded.
            case whenHealthy
            /// As unhealthy, until a check says otherwise.
            case atOnce
        }

        package enum Leaving: Sendable {
            case deregister, unhealthy, keep
        }

        package var registration: CloudMapRegistration
        package var start = Start.whenHealthy
        package var leaving = Leaving.deregister
        /// How often to look whether the registration is still there, and to tell the health again; ten per cent more or less.
        package var refresh = defaultRefresh

        package static let defaultRefresh = Duration.seconds(300)

        package init(_ registration: CloudMapRegistration) {
            self.registration = registration
        }
    }
}
