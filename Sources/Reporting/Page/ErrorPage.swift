/// What a browser gets instead of a line of text, where there is nothing to report: the error, and a way back.
package enum ErrorPage {
    /// - Parameters:
    ///   - title: such as `404 Not Found`.
    ///   - text: what to do.
    package static func encode(_ title: String, _ text: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(StatusMark.character(.lost)) \(HTML.escape(title)) · healthz</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <link rel="icon" href="\(StatusMark.icon(.lost))">
        <style>\(StatusPage.style)</style>
        </head>
        <body>
        \(StatusMark.symbols)
        <main>
        <section class="verdict lost" aria-labelledby="headline">
        <p class="place">healthz</p>
        <h1 id="headline">\(StatusMark.use(.lost))\(HTML.escape(title))</h1>
        <p class="gist">\(HTML.escape(text.sentence, limit: 2000))</p>
        </section>
        </main>
        <footer><nav aria-label="Way back"><a href="/">The status of this node</a></nav></footer>
        </body>
        </html>

        """
    }
}
