import Glibc

/// How many reservations of memory the calling thread has.
enum Reservations {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "a process has room for 1024 thread keys, and this takes one")
        return key
    }()

    /// Counts one more; returns how many there were before.
    static func begin() -> Int { change(by: 1) }

    /// Counts one less.
    static func end() { _ = change(by: -1) }

    /// The count is kept in place of a pointer, which nothing reads through.
    private static func change(by difference: Int) -> Int {
        let before = unsafe Int(bitPattern: pthread_getspecific(key))
        unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: before + difference))
        return before
    }
}
