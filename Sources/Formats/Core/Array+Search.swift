extension Array {
    /// The first index whose element is `beyond` something, where all those after it are too; `count`, where none is.
    func partitionPoint(where beyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if beyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
