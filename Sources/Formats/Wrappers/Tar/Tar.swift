extension Format {
    /// A tar archive, such as an OVA. One member of it is opened (POSIX.1-2017, pax; GNU tar manual; DSP0243, 2.1).
    package static let tar = Format(
        name: "tar", kind: .wrapper, extensions: ["tar", "ova"], hasMembers: true,
        handlesTruncation: true,
        recognises: { TarHeader.isAtStart(of: $0.head) }
    ) { (file, context) throws(ImageError) in
        var archive = try TarArchive(file)
        let appliance = TarAppliance(archive)
        archive.add(appliance)
        let wanted = context.options.member
        // If the user names a member, no other is read.
        let listed = appliance?.disks ?? []
        let disks = listed.isEmpty ? archive.disks(context.opener, probing: wanted == nil) : listed
        if let problem = appliance?.problem, wanted == nil {
            return Inspection(
                undecided: problem, size: file.size,
                properties: archive.properties(disks, appliance, opened: nil), warnings: archive.warnings)
        }
        guard let (member, inside) = try archive.choose(wanted, among: disks, context.archive) else {
            return Inspection(
                undecided: TarArchive.undecided(disks, context.archive), size: file.size,
                properties: archive.properties(disks, appliance, opened: nil), warnings: archive.warnings)
        }
        var content = context
        content.options.member = inside
        content.archive = "\(context.archive)\(member.shownName)/"
        content.references = TarReferences(archive, member, context)
        let opened = try archive.open(member, recovers: context.options.recovers)
        content.firstMissing = opened.firstMissing
        // The descriptor says nothing of a disk in an archive inside.
        content.recordedDisk = inside == nil ? appliance?.records[member.header] : nil
        return Inspection(
            opened.source, properties: archive.properties(disks, appliance, opened: member),
            warnings: archive.warnings + opened.warnings,
            contentName: String(decoding: member.baseName, as: UTF8.self), contentContext: content)
    }
}

extension TarArchive {
    /// The largest number of members, and of disks, that are listed.
    private static let maximumListed = 1024

    /// The properties of the archive. `member` is the opened one, if any.
    fileprivate func properties(
        _ disks: [TarMember], _ appliance: TarAppliance?, opened member: TarMember?
    ) -> [Layer.Property] {
        var properties: [Layer.Property] = [.init("variant", "variant", .text(variant))]
        // An archive with a descriptor is an OVA.
        if let appliance {
            properties.append(.init("ovf-descriptor", "OVF descriptor", .text(appliance.descriptorName)))
        }
        properties.append(.init("members", "members", .number(UInt64(members.count))))
        if let member {
            properties += [
                .init("member", "opened member", .text(member.shownName)),
                .init("member-offset", "offset", .number(member.stored.lowerBound)),
                .init(
                    "member-stored", "stored", .bytes(member.stored.upperBound - member.stored.lowerBound)),
                .init("member-sparse", "sparse", .flag(member.map != nil)),
            ]
        }
        let places = Set(disks.map(\.header))
        let contents = members.prefix(Self.maximumListed).map { member in
            Self.record(member) + [
                .init("type", "type", .text(member.kind.rawValue)),
                .init("disk", "disk", .flag(places.contains(member.header))),
            ]
        }
        properties.append(
            .init("contents", "contents", .records(contents, total: UInt64(members.count))))
        if !disks.isEmpty {
            let records = disks.prefix(Self.maximumListed).map(Self.record)
            properties.append(.init("disks", "disks", .records(records, total: UInt64(disks.count))))
        }
        return properties + (appliance?.descriptor?.properties ?? [])
    }

    private static func record(_ member: TarMember) -> [Layer.Property] {
        [
            .init("name", "name", .text(member.shownName)),
            .init("size", "size", .bytes(member.size)),
        ]
    }
}
