import Glibc

/// Memory that the calling thread may take without waiting, as it decodes already and reads through another layer.
///
/// Others may wait for the thread, so it must not wait for memory that they hold.
enum Reservations {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "a process has room for 1024 thread keys, and this takes one")
        return key
    }()

    /// The bytes that are claimed for the thread and not taken yet. Nil if it decodes nothing.
    ///
    /// The number plus one is stored in place of a pointer. Nothing reads through it.
    static var claim: Int? {
        get {
            let value = unsafe Int(bitPattern: pthread_getspecific(key))
            return value == 0 ? nil : value - 1
        }
        set {
            unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue.map { $0 + 1 } ?? 0))
        }
    }
}
