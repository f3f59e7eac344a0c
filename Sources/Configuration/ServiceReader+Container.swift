import Health

/// Reads the keys of a container that Docker or Podman runs.
extension ServiceReader {
    func path(_ preset: ServicePreset) -> String {
        guard preset == .dockerContainer else { return preset.path }
        return "\(preset.path)\(section[.container]?.plainText ?? "")/json"
    }

    private enum DockerDown: String, CaseIterable {
        case degraded, unhealthy
    }

    /// nil for all other presets, which allow none of these keys.
    func container(_ preset: ServicePreset?) -> ContainerExpectation? {
        let isContainer = preset == .dockerContainer
        let name = section.value(.container) { text throws(ValueError) in
            guard isContainer else { throw ValueError("needs preset: docker-container") }
            guard text.isServiceName || text.wholeMatch(of: /[a-zA-Z0-9][a-zA-Z0-9_.-]+/) != nil else {
                throw ValueError("is not the name of a container")
            }
            return text
        }
        let down = section.value(.dockerDown) { text throws(ValueError) in
            guard isContainer else { throw ValueError("needs preset: docker-container") }
            return try DockerDown(word: text)
        }
        guard isContainer else { return nil }
        if name == nil, section[.container] == nil {
            mistakes.add("needs the key container", at: section.position, path: section.path)
        }
        return ContainerExpectation(needsDocker: down == .unhealthy)
    }
}
