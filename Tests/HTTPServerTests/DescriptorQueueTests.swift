import Testing

@testable import HTTPServer

@Suite("The queue of descriptors")
struct DescriptorQueueTests {
    private func all(_ queue: DescriptorQueue) -> [Int32] {
        var found: [Int32] = []
        var next = queue.oldest
        while let descriptor = next {
            found.append(descriptor)
            next = queue.next(after: descriptor)
        }
        return found
    }

    @Test("It keeps the order of arrival, and any descriptor can be removed")
    func order() {
        var queue = DescriptorQueue()
        #expect(all(queue) == [])
        for descriptor: Int32 in [5, 3, 9] { queue.append(descriptor) }
        #expect(all(queue) == [5, 3, 9])
        queue.append(5)
        #expect(all(queue) == [3, 9, 5])
        queue.remove(9)
        queue.remove(7)
        #expect(all(queue) == [3, 5])
        #expect(queue.contains(3) && !queue.contains(9) && !queue.contains(100))
        queue.remove(3)
        queue.remove(5)
        #expect(all(queue) == [])
    }

    @Test("It agrees with a plain list over many random steps")
    func randomised() {
        var queue = DescriptorQueue()
        var plain: [Int32] = []
        for _ in 0..<5000 {
            let descriptor = Int32.random(in: 0..<20)
            plain.removeAll { $0 == descriptor }
            if Bool.random() {
                queue.append(descriptor)
                plain.append(descriptor)
            } else {
                queue.remove(descriptor)
            }
            #expect(all(queue) == plain)
        }
    }
}
