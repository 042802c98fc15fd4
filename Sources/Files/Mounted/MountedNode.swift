import CLinux
import Glibc
package import VitrineFormats

/// A file in a file system that the kernel has mounted. It is reached from a descriptor of the root by names alone, and no link is
/// followed.
package final class MountedNode: FileNode {
    /// The file as a place (O_PATH).
    private let descriptor: Int32
    package let attributes: FileAttributes

    /// The most bytes of the names of a file's attributes, and of one value (XATTR_LIST_MAX and XATTR_SIZE_MAX).
    private static let maximumAttribute = 64 << 10

    /// Takes over `descriptor`, of a file as a place (O_PATH).
    package init(_ descriptor: Int32) throws(ImageError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, let kind = FileAttributes.Kind(mode: status.st_mode)
        else {
            let error = ImageError(.io, systemMessage(errno))
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        // The numbers of a device, as makedev(3) packs them.
        let device = UInt64(status.st_rdev)
        attributes = FileAttributes(
            kind: kind, permissions: status.st_mode, user: status.st_uid, group: status.st_gid,
            size: UInt64(max(0, status.st_size)), seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: UInt32(clamping: status.st_mtim.tv_nsec),
            links: UInt32(clamping: status.st_nlink),
            major: UInt32(truncatingIfNeeded: device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000),
            minor: UInt32(truncatingIfNeeded: device & 0xFF | device >> 12 & 0xFFFF_FF00),
            number: UInt64(status.st_ino))
    }

    /// The root of the mount whose descriptor is `mount`.
    package convenience init(rootOf mount: Int32) throws(ImageError) {
        let descriptor = unsafe vitrine_open_step(mount, ".")
        guard descriptor >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        try self.init(descriptor)
    }

    deinit { close(descriptor) }

    package func entries() throws(ImageError) -> [DirectoryEntry] {
        let list = vitrine_reopen(descriptor)
        guard list >= 0, let stream = unsafe fdopendir(list) else {
            let error = ImageError(.io, systemMessage(errno))
            if list >= 0 { close(list) }
            throw error
        }
        defer { unsafe closedir(stream) }
        var entries: [DirectoryEntry] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            // Names may be longer than the field is declared.
            let name = unsafe SystemString(
                cString: UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 19)
                    .assumingMemoryBound(to: CChar.self))
            if name == "." || name == ".." { continue }
            entries.append(DirectoryEntry(name: name, number: unsafe UInt64(entry.pointee.d_ino)))
        }
        guard errno == 0 else { throw ImageError(.io, systemMessage(errno)) }
        return entries
    }

    package func file(of entry: DirectoryEntry) throws(ImageError) -> any FileNode {
        guard let file = try file(named: entry.name) else { throw ImageError(.io, systemMessage(ENOENT)) }
        return file
    }

    package func file(named name: SystemString) throws(ImageError) -> (any FileNode)? {
        let found = unsafe vitrine_open_step(descriptor, name.terminated)
        if found < 0, errno == ENOENT { return nil }
        guard found >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        return try MountedNode(found)
    }

    package func target() throws(ImageError) -> SystemString {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(descriptor, "", &target, target.count)
        guard count >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        return SystemString(bytes: target[..<count].map { UInt8(bitPattern: $0) })
    }

    package func content() throws(ImageError) -> any Source {
        try requireRegular()
        let file = vitrine_reopen(descriptor)
        guard file >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        return try FileSource(descriptor: file)
    }

    package func extendedAttributes() throws(ImageError) -> [ExtendedAttribute] {
        var names = [CChar](repeating: 0, count: Self.maximumAttribute)
        let count = unsafe vitrine_list_attributes(descriptor, &names, names.count)
        if count < 0, errno == ENOTSUP { return [] }
        guard count >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        var attributes: [ExtendedAttribute] = []
        for part in names[..<count].split(separator: 0) {
            let name = SystemString(bytes: part.map { UInt8(bitPattern: $0) })
            var value = [UInt8](repeating: 0, count: Self.maximumAttribute)
            let size = unsafe vitrine_get_attribute(descriptor, name.terminated, &value, value.count)
            guard size >= 0 else { throw ImageError(.io, systemMessage(errno)) }
            attributes.append(ExtendedAttribute(name, Array(value[..<size])))
        }
        return attributes
    }
}
