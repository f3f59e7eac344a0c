/// Descriptors in order of arrival, with removal of any of them: a linked list in an array that is indexed by
/// descriptor, so that moving a descriptor needs no memory and no search.
struct DescriptorQueue {
    private struct Link {
        static let none: Int32 = -1

        var before = none
        var after = none
        var isIn = false
    }

    private var links: [Link] = []
    private var first = Link.none
    private var last = Link.none

    func contains(_ descriptor: Int32) -> Bool {
        links.indices.contains(Int(descriptor)) && links[Int(descriptor)].isIn
    }

    /// nil if it is empty.
    var oldest: Int32? { first == Link.none ? nil : first }

    /// nil for the newest.
    func next(after descriptor: Int32) -> Int32? {
        let next = links[Int(descriptor)].after
        return next == Link.none ? nil : next
    }

    /// Moves it to the end.
    mutating func append(_ descriptor: Int32) {
        remove(descriptor)
        while links.count <= Int(descriptor) { links.append(Link()) }
        links[Int(descriptor)] = Link(before: last, isIn: true)
        if last == Link.none { first = descriptor } else { links[Int(last)].after = descriptor }
        last = descriptor
    }

    mutating func remove(_ descriptor: Int32) {
        guard contains(descriptor) else { return }
        let link = links[Int(descriptor)]
        if link.before == Link.none { first = link.after } else { links[Int(link.before)].after = link.after }
        if link.after == Link.none { last = link.before } else { links[Int(link.after)].before = link.before }
        links[Int(descriptor)] = Link()
    }
}
