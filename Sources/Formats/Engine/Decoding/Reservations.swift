import Glibc

/// What the calling thread may take of memory without waiting for any: it decodes already, and reads through another layer.
///
/// Others may wait for it, so it must not wait for memory that they have.
enum Reservations {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "a process has room for 1024 thread keys, and this takes one")
        return key
    }()

    /// The bytes that are claimed for the thread, and not taken yet; nil where it decodes nothing.
    ///
    /// The number, and one more, is kept in place of a pointer, which nothing reads through.
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
