import CCurl

/// One curl_easy(3) handle, with its options by the type of their values. Not Sendable: a `Transfer` owns it.
final class EasyHandle {
    /// libcurl is out of memory, or does not support an option.
    struct Refusal: Error {}

    let pointer: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// Values that libcurl does not copy.
    private var lists: [CURLoption.RawValue: UnsafeMutablePointer<curl_slist>] = [:]

    init() throws(Refusal) {
        guard let pointer = curl_easy_init() else { throw Refusal() }
        self.pointer = pointer
        errorText[0] = 0
        try set(CURLOPT_ERRORBUFFER, to: errorText)
    }

    deinit {
        curl_easy_cleanup(pointer)
        for list in lists.values { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) throws(Refusal) {
        try check(healthz_easy_set_long(pointer, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) throws(Refusal) {
        try set(option, value ? 1 : 0)
    }

    /// - Parameter value: nil clears the option, which may differ from its default.
    func set(_ option: CURLoption, _ value: String?) throws(Refusal) {
        try check(healthz_easy_set_string(pointer, option, value))
    }

    /// For options that take a blob. libcurl copies it.
    func set(_ option: CURLoption, blob bytes: [UInt8]) throws(Refusal) {
        try check(bytes.withUnsafeBytes { healthz_easy_set_blob(pointer, option, $0.baseAddress, $0.count) })
    }

    /// The caller must keep it as long as the handle.
    func set(_ option: CURLoption, to value: UnsafeMutableRawPointer) throws(Refusal) {
        try check(healthz_easy_set_pointer(pointer, option, value))
    }

    func set(_ option: CURLoption, list lines: [String]) throws(Refusal) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let next = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw Refusal()
            }
            list = next
        }
        let code = healthz_easy_set_list(pointer, option, list)
        guard code == CURLE_OK else {
            curl_slist_free_all(list)
            throw Refusal()
        }
        curl_slist_free_all(lists.removeValue(forKey: option.rawValue))
        lists[option.rawValue] = list
    }

    /// The content of a request, as bytes. libcurl copies it.
    func setContent(_ bytes: [UInt8]) throws(Refusal) {
        try set(CURLOPT_POSTFIELDSIZE, bytes.count)
        guard !bytes.isEmpty else { return try set(CURLOPT_COPYPOSTFIELDS, "") }
        try check(
            bytes.withUnsafeBytes {
                healthz_easy_set_pointer(
                    pointer, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: $0.baseAddress))
            })
    }

    func check(_ code: CURLcode) throws(Refusal) {
        guard code == CURLE_OK else { throw Refusal() }
    }

    // MARK: Results

    /// libcurl's message about the failure; may be empty.
    var errorDetail: String { String(cString: errorText) }

    func clearError() {
        errorText[0] = 0
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return healthz_easy_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> curl_off_t {
        var value: curl_off_t = 0
        return healthz_easy_get_offset(pointer, info, &value) == CURLE_OK ? value : 0
    }
}
