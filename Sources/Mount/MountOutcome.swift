/// What has become of the plan to mount something.
package struct MountOutcome: Sendable {
    /// What is mounted. Never empty.
    package internal(set) var systems: [MountedSystem]

    /// The reasons that some of what was to be mounted is not, a text each.
    package internal(set) var failures: [String]
}
