import Dispatch
import TestSupport
import Testing

@testable import EventLoop

@Suite("The inbox of a loop")
struct InboxTests {
    /// Takes what there is, and runs it.
    private func run(_ inbox: Inbox) {
        var job = inbox.take()
        while let next = job {
            next.work()
            job = next.next
        }
    }

    @Test("Jobs are taken all at once, in the order in which they came")
    func order() {
        let (inbox, seen) = (Inbox(), Guarded<[Int]>([]))
        #expect(inbox.isEmpty && inbox.take() == nil)
        for number in 0..<3 { #expect(!inbox.add { seen.withLock { $0.append(number) } }) }
        #expect(!inbox.isEmpty)
        run(inbox)
        #expect(seen.withLock { $0 } == [0, 1, 2])
        #expect(inbox.isEmpty && inbox.take() == nil)
    }

    @Test("Only the first job for a waiting loop must wake it")
    func waking() {
        let inbox = Inbox()
        #expect(inbox.beginWaiting())
        #expect(inbox.isEmpty)
        #expect(inbox.add {})
        #expect(!inbox.add {})
        inbox.endWaiting()
        #expect(!inbox.beginWaiting(), "there are jobs")
        run(inbox)
        #expect(inbox.beginWaiting())
        inbox.endWaiting()
        #expect(!inbox.add {}, "the loop waits no more")
    }

    @Test("Jobs of many threads are all taken, each thread's in its order")
    func threads() throws {
        let (inbox, seen) = (Inbox(), Guarded<[Int]>([]))
        let (threads, count) = (4, 2000)
        for thread in 0..<threads {
            DispatchQueue(label: "inbox.\(thread)").async {
                for number in 0..<count { _ = inbox.add { seen.withLock { $0.append(thread * count + number) } } }
            }
        }
        try until("all are taken") {
            run(inbox)
            return seen.withLock { $0.count } == threads * count
        }
        for thread in 0..<threads {
            let own = seen.withLock { $0 }.filter { $0 / count == thread }
            #expect(own == Array(thread * count..<(thread + 1) * count))
        }
    }

    @Test("Jobs that are left are released with the inbox")
    func left() {
        final class Thing: Sendable {}
        weak var thing: Thing?
        do {
            let (inbox, held) = (Inbox(), Thing())
            thing = held
            _ = inbox.add { withExtendedLifetime(held) {} }
        }
        #expect(thing == nil)
    }
}
