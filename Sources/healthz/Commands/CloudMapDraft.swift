import ArgumentParser
import Discovery

/// The parts of a registration, with the source of each value for error messages.
struct CloudMapDraft {
    var parts = CloudMapRegistration.Parts()
    var stack: GivenValue?
    var address: GivenValue?
    private let service: GivenValue
    private let instance: GivenValue?

    init(_ service: GivenValue, instance: GivenValue?) {
        self.service = service
        self.instance = instance
    }

    /// - Parameter answers: the machine's answers for missing values.
    func registration(_ answers: MetadataLink.Answers) throws -> CloudMapRegistration {
        var parts = parts
        parts.serviceID = service.text
        parts.stackID = stack?.text ?? ""
        parts.instanceID = instance?.text ?? answers[.instanceID] ?? ""
        parts.address = address?.text ?? answers[.address] ?? ""
        do {
            return try CloudMapRegistration(parts)
        } catch {
            throw refused(error)
        }
    }

    private func refused(_ mistake: CloudMapMistake) -> ExitCode {
        let given: GivenValue? =
            switch mistake {
            case .serviceID: service
            case .instanceID: instance
            case .address: address
            case .attributeValue(key: CloudMapRegistration.stackKey): stack
            case .port, .attributeKey, .attributeValue, .reserved, .tooMany, .tooLong: nil
            }
        if let given { return given.refused("\(mistake)") }
        Terminal.printError("\(mistake)")
        return .usage
    }
}
