import ArgumentParser
import Discovery

struct DeregisterCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "deregister",
        abstract: "Take this node out of AWS Cloud Map.",
        discussion: """
            A node that is not registered is no failure. The exit codes are those of "healthz register".
            """)

    @OptionGroup var cloudMap: CloudMapFlags

    func execute() async throws {
        let limit = try cloudMap.limit()
        let draft = CloudMapDraft(try cloudMap.service(), instance: cloudMap.instanceGiven)
        let session = try await CloudMapSession()
        var questions: [InstanceMetadata.Question] = []
        if cloudMap.instanceGiven == nil { questions.append(.instanceID) }
        if cloudMap.regionGiven == nil { questions.append(.region) }
        let answers = try await session.answers(to: questions)
        var settings = CloudMapCommand.Settings(.deregister, try draft.registration(answers))
        (settings.isDryRun, settings.limit) = (cloudMap.dryRun, limit)
        let region = cloudMap.regionGiven?.text ?? answers[.region] ?? ""
        try await session.run(settings, in: region, cloudMap.format)
    }
}
