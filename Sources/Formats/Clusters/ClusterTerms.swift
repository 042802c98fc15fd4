/// The names that a format gives to the parts of its images.
struct ClusterTerms: Sendable {
    /// The unit that data is kept in: `cluster`.
    let cluster: String
    /// The first level of tables: `L1`.
    let l1: String
    /// The second level: `L2`.
    let l2: String
    /// The tables of the second level: `L2 tables`.
    let tables: String
    /// The file that holds the data: `the file`.
    var data = "the file"
}
