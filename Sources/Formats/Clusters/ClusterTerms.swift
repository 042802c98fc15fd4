/// What a format calls the parts of its images.
struct ClusterTerms: Sendable {
    /// What data is kept in: `cluster`.
    let cluster: String
    /// The first level of the tables: `L1`.
    let l1: String
    /// The second: `L2`.
    let l2: String
    /// What the second consists of: `L2 tables`.
    let tables: String
    /// The file that holds the data: `the file`.
    var data = "the file"
}
