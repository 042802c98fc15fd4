extension Array {
    /// The first index whose element is `beyond` something; `count` if none is. All elements behind it must be `beyond` too.
    ///
    /// Other modules get its body, so that it is as fast there.
    @inlinable
    package func partitionPoint(where beyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if beyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
