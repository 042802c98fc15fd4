import ArgumentParser
import VitrineFormats

/// The option of the commands that take one partition of an image.
struct PartitionOption: ParsableArguments {
    @Option(
        name: .customLong("partition"),
        help: ArgumentHelp(
            "Take this partition only.",
            discussion: """
                Its number; or the label or UUID of its file system, its own name or UUID (PARTUUID), its \
                type, or the kind of its file system, as vitrine info shows them. LABEL=root, UUID=…, \
                PARTLABEL=…, PARTUUID=… and TYPE=… compare with that alone.
                """,
            valueName: "n|label|uuid|type"))
    var argument: SystemString?

    /// The partition that is meant. Nil if the option was not given.
    var choice: PartitionChoice? { argument.flatMap(PartitionChoice.init) }

    func validate() throws {
        if argument != nil, choice == nil {
            throw ValidationError(
                "--partition takes a number, 1 or higher, or a label, UUID, name or type that vitrine info shows."
            )
        }
    }
}
