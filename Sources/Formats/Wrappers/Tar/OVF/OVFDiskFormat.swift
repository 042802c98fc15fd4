/// The formats that the `format` of a disk in an OVF descriptor stands for.
///
/// It is a URI, which DSP0243 (2.1, 9.1) leaves to the owner of the format. Those of VMware end in
/// `vmdk.html#streamOptimized` and the like, and that of qcow2 in `qcow-image-format.html`.
enum OVFDiskFormat {
    /// The words in the URIs of each format, and the names of the formats meant, the likely one first.
    private static let kinds: [(words: Set<String>, formats: [String])] = [
        (["vmdk"], ["vmdk"]),
        (["qcow", "qcow2"], ["qcow2", "qcow"]),
        (["vhd"], ["vhd"]),
        (["vhdx"], ["vhdx"]),
        (["vdi"], ["vdi"]),
        (["raw", "iso"], ["raw"]),
    ]

    /// The names of the formats that `uri` stands for, the likely one first. Nil if it stands for none that is in use,
    /// or for several.
    static func formats(_ uri: String) -> [String]? {
        let uri = uri.lowercased()
        var words = Set(uri.split { !$0.isLetter && !$0.isNumber }.map(String.init))
        // Microsoft's pages about VHD, and the standard of ISO 9660, have no such words in their names.
        if uri.hasSuffix("linkid=137171") || uri.hasSuffix("bb676673.aspx") { words.insert("vhd") }
        if uri.contains("ecma-119") { words.insert("iso") }
        let found = kinds.filter { !words.isDisjoint(with: $0.words) }
        return found.count == 1 ? found[0].formats : nil
    }
}
