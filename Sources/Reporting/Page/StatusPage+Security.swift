extension StatusPage {
    /// The page's own style and script, as they stand in `page.css` and `page.js`.
    static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

    /// SHA-256 of the two. A test says what they have to be when the files have changed.
    static let styleHash = "sha256-aNRO1e1awz95Bi6nFOdxLFDm5NW44yem8VlI90Hnn0M="
    static let scriptHash = "sha256-TIkDc/9JWSd/YqleF9bGFA54vEYJKFpnu5G7kVAL2e0="

    /// Nothing but what is on the page: no source outside, no other script or style, no frame round it.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src '\(styleHash)'; script-src '\(scriptHash)'; img-src data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
