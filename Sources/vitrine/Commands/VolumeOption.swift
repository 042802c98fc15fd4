import ArgumentParser

/// The option of the commands that take one logical volume of an image.
struct VolumeOption: ParsableArguments {
    @Option(
        name: .customLong("volume"),
        help: ArgumentHelp(
            "Take this logical volume (LVM) only. vitrine info lists the volumes.", valueName: "vg/lv"))
    var name: String?
}
