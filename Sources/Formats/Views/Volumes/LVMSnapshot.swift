/// A snapshot, in the description of a volume group. It is a volume with a name that nobody sees:
///
///     snapshot0 { segment1 { type = "snapshot"  origin = "root"  cow_store = "before" } }
struct LVMSnapshot {
    /// The name of the volume that it is a snapshot of.
    let origin: String

    /// The name of the volume with what it has in another state, by which the user knows it.
    let store: String

    /// True if its content is on the way back into the origin.
    let isMerging: Bool

    /// Reads the section of a volume. Nil if it is of another type.
    init?(_ volume: LVMSection) {
        guard let segment = volume.section("segment1"), segment.optionalText("type") == "snapshot" else {
            return nil
        }
        let merging = segment.optionalText("merging_store")
        guard let store = merging ?? segment.optionalText("cow_store") else { return nil }
        origin = segment.optionalText("origin") ?? ""
        self.store = store
        isMerging = merging != nil
    }
}
