/// Makes the logical volumes of a group from what is there of its physical volumes.
struct VolumeGroupReader {
    private let group: VolumeGroup
    private let volumes: [PhysicalVolume]

    /// The indexes of the physical volumes, by their identifiers.
    private let present: [String: Int]

    /// The segments of each logical volume, in the order of the metadata, or what is wrong with them.
    private let segments: [Result<[LVMSegment], ImageError>]

    /// The names of the volumes that hold the changes of snapshots, in a form of their own.
    private var stores: Set<String> = []

    /// The names of the volumes that are being replaced by a snapshot.
    private var replaced: Set<String> = []

    init(_ group: VolumeGroup, _ volumes: [PhysicalVolume], _ present: [String: Int]) {
        self.group = group
        self.volumes = volumes
        self.present = present
        segments = group.volumes.map { volume in
            do throws(ImageError) {
                return .success(try LVMSegment.all(in: volume.section, extentSize: group.extentSize))
            } catch {
                return .failure(error)
            }
        }
        for volume in group.volumes {
            guard let snapshot = LVMSnapshot(volume.section) else { continue }
            stores.insert(snapshot.store)
            if snapshot.isMerging { replaced.insert(snapshot.origin) }
        }
    }

    /// The error for a volume of which vitrine could read the parts alone.
    private static func unreadable(_ what: String) -> ImageError {
        ImageError(
            .unsupported,
            "it \(what); only linear and striped volumes are read here, others by LVM (package lvm2)")
    }

    // MARK: Volumes

    /// The volumes that are not just parts of others. The group is described on the physical volume `place`.
    func volumes(describedOn place: Int) -> [LogicalVolume] {
        zip(group.volumes, segments).compactMap { volume, segments in
            guard volume.section.has("VISIBLE", in: "status"), !stores.contains(volume.name) else {
                return nil
            }
            guard let snapshot = LVMSnapshot(volume.section) else {
                return self.volume(volume.name, segments, describedOn: place)
            }
            // The user knows it by the name of its store.
            guard VolumeGroup.isName(snapshot.store) else { return nil }
            return self.volume(
                snapshot.store, segments, describedOn: place,
                reason: Self.unreadable("is a snapshot of \(brief(snapshot.origin))"))
        }
    }

    private func volume(
        _ name: String, _ segments: Result<[LVMSegment], ImageError>, describedOn place: Int,
        reason: ImageError? = nil
    ) -> LogicalVolume {
        var size: UInt64 = 0
        var first = place
        var content: Result<any Source, ImageError>
        do throws(ImageError) {
            let segments = try segments.get()
            guard let bytes = segments.reduce(0, { $0 + $1.count }).times(group.extentSize) else {
                throw ImageError(.corrupt, "its extents give more than 2^64 bytes")
            }
            size = bytes
            if let stripe = segments.first?.stripes.first,
                let index = group.members[stripe.volume].flatMap({ present[$0.uuid] })
            {
                first = index
            }
            if let reason { throw reason }
            if replaced.contains(name) { throw Self.unreadable("is being replaced by a snapshot of it") }
            content = .success(try source(segments))
        } catch {
            content = .failure(error)
        }
        return LogicalVolume(name: "\(group.name)/\(name)", size: size, content: content, place: first)
    }

    /// The bytes of `segments`, one behind the other.
    private func source(_ segments: [LVMSegment]) throws(ImageError) -> any Source {
        var parts: [any Source] = []
        for segment in segments {
            guard segment.isPlain else { throw Self.unreadable("is of the type \(brief(segment.type))") }
            var stripes: [any Source] = []
            for stripe in segment.stripes { stripes.append(try part(stripe, count: segment.stripeExtents)) }
            if stripes.count == 1 {
                parts += stripes
            } else {
                parts.append(StripedSource(stripes.map { Base($0, .part) }, chunkSize: segment.chunkSize))
            }
        }
        if parts.count == 1, let only = parts.first { return only }
        return Concatenation(parts.map { Base($0, .part) })
    }

    /// The bytes of the first `count` extents of `stripe`.
    private func part(_ stripe: LVMSegment.Stripe, count: UInt64) throws(ImageError) -> any Source {
        guard let member = group.members[stripe.volume] else {
            throw Self.unreadable("lies on \(brief(stripe.volume)), which is no partition or disk")
        }
        guard let index = present[member.uuid] else {
            throw ImageError(
                .unsupported,
                "it lies on the physical volume \(brief(member.uuid)) too, which is not on this disk")
        }
        guard !member.isMissing else {
            throw ImageError(
                .unsupported, "LVM has gone on without \(volumes[index].title), so what is there may be old")
        }
        guard stripe.extent <= member.extentCount, count <= member.extentCount - stripe.extent else {
            throw ImageError(
                .corrupt,
                "it takes \(count) extents from \(stripe.extent) on of \(volumes[index].title), which has "
                    + "\(member.extentCount)")
        }
        // No overflow: the metadata of the member was checked.
        let start = member.start + stripe.extent * group.extentSize
        let end = start + count * group.extentSize
        let source = volumes[index].source
        guard end <= source.size else {
            throw ImageError(
                .corrupt, "it ends at byte \(end) of \(volumes[index].title), which has \(source.size) bytes")
        }
        return try Slice(source, start..<end)
    }

    // MARK: Overlaps

    /// A warning for each volume that has an extent of another.
    var overlaps: [String] {
        var taken: [String: [(extents: Range<UInt64>, name: String)]] = [:]
        for (volume, segments) in zip(group.volumes, segments) {
            for segment in (try? segments.get()) ?? [] {
                for stripe in segment.stripes {
                    let extents = stripe.extent..<stripe.extent + segment.stripeExtents
                    taken[stripe.volume, default: []].append((extents, volume.name))
                }
            }
        }
        var pairs: Set<[String]> = []
        for var runs in taken.values {
            runs.sort { $0.extents.lowerBound < $1.extents.lowerBound }
            guard var furthest = runs.first else { continue }
            for run in runs.dropFirst() {
                if run.extents.lowerBound < furthest.extents.upperBound {
                    pairs.insert([furthest.name, run.name].sorted())
                }
                if run.extents.upperBound > furthest.extents.upperBound { furthest = run }
            }
        }
        return pairs.map { "volumes \(group.name)/\($0[0]) and \(group.name)/\($0[1]) overlap" }.sorted()
    }
}
