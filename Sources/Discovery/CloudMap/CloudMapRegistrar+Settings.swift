extension CloudMapRegistrar {
    /// The time until Cloud Map applies a custom health, by its documentation approximately.
    package static let propagation = Duration.seconds(30)

    package struct Settings: Sendable, Equatable {
        package enum Start: Sendable {
            /// At the first check that is healthy or degraded.
            case whenHealthy
            /// At the start, as unhealthy until a check says otherwise.
            case atOnce
        }

        package enum Leaving: Sendable {
            case deregister, unhealthy, keep
        }

        package var registration: CloudMapRegistration
        package var start = Start.whenHealthy
        package var leaving = Leaving.deregister
        /// How often to verify the registration, and to send the health again; plus or minus ten per cent.
        package var refresh = defaultRefresh

        package static let defaultRefresh = Duration.seconds(300)

        package init(_ registration: CloudMapRegistration) {
            self.registration = registration
        }
    }
}
