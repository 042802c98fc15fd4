import CLinux
import Glibc
import VitrineFormats

/// The part of the kernel that makes nbd devices (linux/nbd-netlink.h).
struct NBDControl: ~Copyable {
    private enum Attribute {
        static let index: UInt16 = 1
        static let size: UInt16 = 2
        static let blockSize: UInt16 = 3
        static let timeout: UInt16 = 4
        static let serverFlags: UInt16 = 5
        static let clientFlags: UInt16 = 6
        static let sockets: UInt16 = 7
        static let backendIdentifier: UInt16 = 10
    }

    private let descriptor: Int32
    private let family: UInt16

    /// Finds it. A kernel that has no nbd yet gets the module that brings it.
    ///
    /// Throws if there is no such module.
    init() throws(MountError) {
        let descriptor = vitrine_open_netlink()
        guard descriptor >= 0 else { throw MountError("netlink: \(systemMessage(errno))") }
        do throws(MountError) {
            family = try Self.family(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Makes a device of `size` bytes, which are at the other end of the open `socket`, read-only unless it shall be `writable`.
    /// sysfs shows `name` as its backend. Returns the number of the device.
    ///
    /// It is disconnected when its last user closes it.
    func connect(_ socket: Int32, size: UInt64, isWritable: Bool, name: String) throws(MountError) -> UInt32 {
        var message = NetlinkMessage(family: family, command: 1)
        message.set(Attribute.size, size)
        message.set(Attribute.blockSize, UInt64(512))
        // In seconds. The server answers everything earlier; if it was killed, reads that wait for it fail then.
        message.set(Attribute.timeout, UInt64(90))
        // NBD_FLAG_HAS_FLAGS, and NBD_FLAG_READ_ONLY.
        message.set(Attribute.serverFlags, UInt64(isWritable ? 1 : 1 | 2))
        // NBD_CFLAG_DISCONNECT_ON_CLOSE.
        message.set(Attribute.clientFlags, UInt64(2))
        // NBD_SOCK_FD in NBD_SOCK_ITEM.
        let number = NetlinkMessage.attribute(1, NetlinkMessage.bytes(UInt32(bitPattern: socket)))
        message.set(
            Attribute.sockets, nesting: NetlinkMessage.attribute(1 | NetlinkMessage.nested, number))
        message.set(Attribute.backendIdentifier, name)
        let answer = try Self.answer(to: message, descriptor)
        guard answer.failure == 0, let number: UInt32 = answer.number(Attribute.index) else {
            throw MountError("no nbd device: \(systemMessage(answer.failure ?? EPROTO))")
        }
        return number
    }

    /// Disconnects the device with this number, if it is connected: what waits for it fails.
    static func disconnect(_ number: UInt32) {
        do throws(MountError) {
            let control = try NBDControl()
            var message = NetlinkMessage(family: control.family, command: 2)
            message.set(Attribute.index, number)
            _ = try answer(to: message, control.descriptor)
        } catch {
            // There is nothing to disconnect.
        }
    }

    /// The number of nbd among the families of generic netlink.
    private static func family(_ descriptor: Int32) throws(MountError) -> UInt16 {
        // CTRL_CMD_GETFAMILY of GENL_ID_CTRL, and CTRL_ATTR_FAMILY_NAME.
        var message = NetlinkMessage(family: 16, command: 3)
        message.set(2, "nbd")
        for isLoaded in [false, true] {
            if isLoaded { loadModule() }
            // CTRL_ATTR_FAMILY_ID.
            if let family: UInt16 = try answer(to: message, descriptor).number(1) { return family }
        }
        throw MountError("no nbd device: the kernel has none (modprobe nbd)")
    }

    /// The last answer to `message`, with the attributes of all.
    private static func answer(
        to message: NetlinkMessage, _ descriptor: Int32
    ) throws(MountError) -> NetlinkMessage {
        let bytes = message.bytes
        let sent = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
        guard sent == bytes.count else { throw MountError("netlink: \(systemMessage(errno))") }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var found = NetlinkMessage(family: message.family, command: message.command)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw MountError("netlink: \(systemMessage(errno))") }
            do throws(ImageError) {
                for part in try NetlinkMessage.messages(Array(buffer[..<count])) {
                    found.merge(part)
                    if part.failure != nil { return found }
                }
            } catch {
                throw MountError("netlink: \(error)")
            }
        }
    }

    /// Has the system load the module nbd, if it can.
    private static func loadModule() {
        var process: pid_t = 0
        let command = "PATH=$PATH:/usr/sbin:/sbin exec modprobe -q nbd 2>/dev/null"
        guard unsafe vitrine_spawn_shell(command, &process) == 0 else { return }
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
}
