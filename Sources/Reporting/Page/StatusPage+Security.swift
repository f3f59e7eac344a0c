extension StatusPage {
    /// The page's own style and script, as they stand in `page.css` and `page.js`.
    static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

    /// SHA-256 of the two. A test says what they have to be when the files have changed.
    static let styleHash = "sha256-P8IfIz3tFYUEG3uw4P9VCpUFQcihtIvbkPJ/+WhrQ1k="
    static let scriptHash = "sha256-yrRN9ASTbhoqRu2xQD+ycYGyDv066VPyPzPX+qDbV1A="

    /// Nothing but what is on the page: no source outside, no other script or style, no frame round it.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src '\(styleHash)'; script-src '\(scriptHash)'; img-src data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
