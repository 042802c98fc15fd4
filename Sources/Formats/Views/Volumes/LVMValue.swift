/// A value in the description of a volume group.
enum LVMValue: Equatable {
    case integer(Int64)
    case real(Double)
    case text(String)
    case list([LVMValue])
}
