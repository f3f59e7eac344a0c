import HeapModule
package import Time

/// Deadlines, earliest first. Most are moved or dropped long before they pass.
///
/// Moving a deadline later or dropping it only stores a value: the entry in the heap stays, and is compared with the
/// value when it is due. So the heap has about one entry for each thing that had a deadline at the same time, however
/// often a connection is answered or a descriptor is used again.
///
/// Things are identified by numbers: a generic type would not be specialised in other rooms, and would cost several
/// times as much.
package struct Deadlines {
    private struct Entry: Comparable {
        let when: Instant
        let id: Int
        static func < (left: Entry, right: Entry) -> Bool { left.when < right.when }
        static func == (left: Entry, right: Entry) -> Bool { left.when == right.when }
    }

    private struct Standing {
        /// nil if it was dropped.
        var due: Instant?
        /// The earliest entry in the heap; entries with another time are out of date.
        var queued: Instant
    }

    private var heap = Heap<Entry>()
    private var standing: [Int: Standing] = [:]

    /// How many things have a deadline.
    package private(set) var count = 0

    package init() {}

    /// No later than the earliest deadline; nil when there is none.
    package var earliest: Instant? { count == 0 ? nil : heap.min?.when }

    package mutating func set(_ id: Int, to due: Instant) {
        guard let found = standing[id] else {
            count += 1
            return enqueue(id, due)
        }
        if found.due == nil { count += 1 }
        if found.queued <= due {
            standing[id]?.due = due
        } else {
            enqueue(id, due)
        }
    }

    package mutating func remove(_ id: Int) {
        guard standing[id]?.due != nil else { return }
        standing[id]?.due = nil
        count -= 1
        if count == 0 {
            heap = Heap()
            standing.removeAll(keepingCapacity: standing.count < 64)
        }
    }

    /// Takes the next thing whose deadline has passed, and drops its deadline; nil if there is none.
    package mutating func popPassed(at now: Instant) -> Int? {
        while let first = heap.min, first.when <= now {
            heap.removeMin()
            guard let found = standing[first.id], found.queued == first.when else { continue }
            switch found.due {
            case nil:
                standing[first.id] = nil
            case let due? where due > now:
                enqueue(first.id, due)
            case _?:
                standing[first.id] = nil
                count -= 1
                return first.id
            }
        }
        return nil
    }

    private mutating func enqueue(_ id: Int, _ due: Instant) {
        standing[id] = Standing(due: due, queued: due)
        heap.insert(Entry(when: due, id: id))
    }
}
