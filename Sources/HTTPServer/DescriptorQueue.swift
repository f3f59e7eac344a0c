/// Descriptors in the order in which they came, any of which can be taken out: a linked list whose links stand in an
/// array by descriptor, so that moving one costs neither memory nor a search.
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

    /// nil where it is empty.
    var oldest: Int32? { first == Link.none ? nil : first }

    /// nil after the newest.
    func next(after descriptor: Int32) -> Int32? {
        let next = links[Int(descriptor)].after
        return next == Link.none ? nil : next
    }

    /// Puts it at the end, wherever it was before.
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
