import CCurl
import Glibc
import Time

extension EasyHandle {
    /// The earliest expiry among the certificates that the server has sent; nil if it was not requested
    /// (CURLOPT_CERTINFO(3)) or there is no certificate.
    var certificateExpiry: Timestamp? {
        var found: UnsafeMutablePointer<curl_certinfo>?
        guard healthz_easy_get_certificates(pointer, &found) == CURLE_OK, let info = found?.pointee else { return nil }
        return (0..<Int(max(0, info.num_of_certs))).compactMap { EasyHandle.expiry(info.certinfo[$0]) }.min()
    }

    private static func expiry(_ first: UnsafeMutablePointer<curl_slist>?) -> Timestamp? {
        let name = "Expire date:"
        var entry = first
        while let line = entry {
            let text = String(cString: line.pointee.data)
            if text.hasPrefix(name) { return time(String(text.dropFirst(name.count))) }
            entry = line.pointee.next
        }
        return nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// OpenSSL writes `Dec  9 12:00:00 2026 GMT`; later versions of libcurl write `2026-12-09 12:00:00 GMT`.
    private static func time(_ text: String) -> Timestamp? {
        let words = text.split { $0 == " " || $0 == ":" || $0 == "-" }.map(String.init)
        // Both have six parts before the time zone.
        guard words.count == 7, words.last == "GMT" else { return nil }
        let numbers = words.map { Int32($0) ?? 0 }
        var parts = tm()
        if let month = months.firstIndex(of: words[0]) {
            (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[5], Int32(month), numbers[1])
            (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[2], numbers[3], numbers[4])
        } else {
            (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0], numbers[1] - 1, numbers[2])
            (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        }
        guard parts.tm_year >= 1900 else { return nil }
        parts.tm_year -= 1900
        return Timestamp(milliseconds: Int64(timegm(&parts)) * 1000)
    }
}
