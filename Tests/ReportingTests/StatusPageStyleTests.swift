import Foundation
import TestSupport
import Testing

@testable import Reporting

@Suite("The status page's style and script")
struct StatusPageStyleTests {
    /// As the browser computes it from what stands between the tags.
    private static func hash(_ text: String) throws -> String {
        let folder = try Folder()
        let file = try folder.write(text, to: "text")
        let ended = try Program("/usr/bin/sha256sum", [file]).wait()
        let digits = Array(ended.output.prefix(64))
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return "sha256-" + Data(bytes).base64EncodedString()
    }

    @Test("The policy names the hashes of the style and of the script as they are")
    func hashes() throws {
        #expect(try StatusPage.styleHash == Self.hash(StatusPage.style))
        #expect(try StatusPage.scriptHash == Self.hash(StatusPage.script))
        #expect(StatusPage.contentSecurityPolicy.contains("style-src '\(StatusPage.styleHash)'"))
        #expect(StatusPage.contentSecurityPolicy.contains("script-src '\(StatusPage.scriptHash)'"))
        #expect(!StatusPage.contentSecurityPolicy.contains("unsafe"))
    }

    @Test("Neither of them ends its element early, or loads anything from elsewhere")
    func contained() {
        for text in [StatusPage.style, StatusPage.script] {
            #expect(
                !text.contains("</") && !text.contains("<!--") && !text.contains("url(") && !text.contains("@import"))
            #expect(!text.contains("http:") && !text.contains("https:"))
        }
    }

    /// Custom properties with a colour, of the first `:root` after that text.
    private static func colours(after text: String) throws -> [Substring: [Double]] {
        let start = try #require(StatusPage.style.range(of: text)?.upperBound)
        let rest = StatusPage.style[start...]
        let block = rest[..<(try #require(rest.firstIndex(of: "}")))]
        var colours: [Substring: [Double]] = [:]
        for match in block.matches(of: /--([a-z-]+): #([0-9a-f]{6})/) {
            let value = try #require(UInt32(match.2, radix: 16))
            colours[match.1] = [16, 8, 0].map { Double(value >> UInt32($0) & 0xFF) / 255 }
        }
        return colours
    }

    /// WCAG 2.2, "relative luminance".
    private static func luminance(_ colour: [Double]) -> Double {
        let linear = colour.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    @Test(
        "Contrast is at least 4.5 to 1 for text and 3 to 1 for marks, in light and in dark",
        arguments: [":root {", "dark) {"])
    func contrast(theme: String) throws {
        let colours = try Self.colours(after: theme)
        let pairs: [(Substring, Substring, Double)] =
            [("ink", "page", 7), ("soft", "page", 4.5), ("focus", "page", 4.5), ("page", "ink", 4.5)]
            + ["draining", "lost"].map { ("\($0)-text", "\($0)-band", 7) }
            + ["healthy", "degraded", "unhealthy"].flatMap { status -> [(Substring, Substring, Double)] in
                [
                    ("\(status)", "page", 4.5), ("\(status)-text", "\(status)-band", 7),
                    ("sign", "\(status)", 3),
                ]
            }
        for (front, back, least) in pairs {
            let values = try [#require(colours[front]), #require(colours[back])].map(Self.luminance).sorted()
            let ratio = (values[1] + 0.05) / (values[0] + 0.05)
            #expect(ratio >= least, "\(front) on \(back): \(ratio)")
        }
    }
}
