extension TarSparseMap {
    /// Reads the map of `member`, which is at `place`, and checks it.
    init(of member: TarMember, at place: TarMember.MapForm, in archive: any Source) throws(ImageError) {
        self.init(size: member.size, name: member.shownName)
        var data = member.stored
        switch place {
        case .headers(let extensions): try readHeaders(archive, member.header, extensions)
        case .records(let range): try readRecords(archive, range)
        case .data: data = try readData(archive, data)..<data.upperBound
        case .unknown(let form):
            throw ImageError(
                .unsupported,
                "member \"\(member.shownName)\" is sparse in a form that is not read: \(form)")
        }
        try end(data: data)
    }

    /// Reads four entries from the header, and 21 from each block that follows (GNU tar manual, "Old GNU Format").
    private mutating func readHeaders(
        _ archive: any Source, _ header: UInt64, _ extensions: UInt64
    ) throws(ImageError) {
        var (entry, count) = (386, 4)
        // The blocks were read before, when the headers were walked.
        for number in 0...extensions {
            let block = try Fields(
                "sparse header", of: archive, at: header + number * UInt64(TarHeader.blockSize),
                count: TarHeader.blockSize)
            for index in 0..<count {
                let at = entry + index * 24
                guard block.bytes[at + 12] != 0 else { return }
                try add(
                    TarHeader.number("sparse offset", block, at: at, width: 12),
                    TarHeader.number("sparse numbytes", block, at: at + 12, width: 12))
            }
            (entry, count) = (0, 21)
        }
    }

    /// Reads pax records: in form 0.0, offset and length in turn; in form 0.1, a single record with all of them,
    /// separated by commas.
    private mutating func readRecords(_ archive: any Source, _ range: Range<UInt64>) throws(ImageError) {
        var map = self
        var offset: UInt64?
        let bytes = try archive.bytes(
            at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
        func take(_ number: UInt64) throws(ImageError) {
            if let start = offset {
                try map.add(start, number)
                offset = nil
            } else {
                offset = number
            }
        }
        try PaxRecords(bytes, at: range.lowerBound).forEach { (key, value, place) throws(ImageError) in
            switch String(decoding: key, as: UTF8.self) {
            case "GNU.sparse.offset", "GNU.sparse.numbytes":
                guard (offset == nil) == key.ends(with: "offset") else {
                    throw ImageError(
                        .corrupt, "the pax record at \(place) is not GNU.sparse.offset and .numbytes in turn")
                }
                try take(PaxRecords.number("GNU.sparse.numbytes", value, place))
            case "GNU.sparse.map":
                var rest = value
                while !rest.isEmpty {
                    let number = rest.prefix { $0 != UInt8(ascii: ",") }
                    try take(PaxRecords.number("GNU.sparse.map", number, place))
                    rest = rest.dropFirst(number.count + 1)
                }
            default: break
            }
        }
        guard offset == nil else {
            throw ImageError(
                .corrupt, "the sparse map in the pax records at \(range.lowerBound) ends with half an entry")
        }
        self = map
    }

    /// Reads the map in front of the data: the number of entries, then each one's offset and length, all in decimal,
    /// one per line, padded to a block. Returns the offset of the data.
    private mutating func readData(
        _ archive: any Source, _ stored: Range<UInt64>
    ) throws(ImageError) -> UInt64 {
        var lines = TarNumberLines(archive, stored)
        let count = try lines.next("number of entries of the sparse map")
        guard count <= UInt64(Self.maximumSegments) else {
            throw ImageError(
                .limit,
                "the sparse map at \(stored.lowerBound) has \(count) entries, more than \(Self.maximumSegments)"
            )
        }
        for _ in 0..<count {
            let offset = try lines.next("sparse offset")
            try add(offset, lines.next("sparse numbytes"))
        }
        return lines.endOfBlock
    }
}

extension Collection<UInt8> where Self: BidirectionalCollection {
    fileprivate func ends(with text: StaticString) -> Bool {
        suffix(text.utf8CodeUnitCount).elementsEqual("\(text)".utf8)
    }
}
