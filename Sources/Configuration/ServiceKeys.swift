/// The keys of a service.
package enum ServiceKey: String, CaseIterable, Sendable {
    case preset, endpoint, url, instances, require, checks, critical, accept, body, metrics, degraded, method, headers
    case responseHeaders = "response_headers"
    case maxBody = "max_body"
    case requestBody = "request_body"
    case basicAuth = "basic_auth"
    case bearerToken = "bearer_token"
    case bearerTokenFile = "bearer_token_file"
    case tls
    case unixSocket = "unix_socket"
    case ringAddress = "ring_address"
    case container
    case dockerDown = "docker_down"
    case ipVersion = "ip_version"
    case certificateExpiresWithin = "certificate_expires_within"
    case interval, timeout, slow, rise, fall, runbook, group
}

package enum BodyKey: String, CaseIterable, Sendable {
    case contains, lacks, matches, json
}

/// The keys of `degraded`.
package enum DegradedKey: String, CaseIterable, Sendable {
    case accept, body, metrics
}

package enum BasicAuthKey: String, CaseIterable, Sendable {
    case username, password
    case passwordFile = "password_file"
}

package enum TLSKey: String, CaseIterable, Sendable {
    case caFile = "ca_file"
    case certFile = "cert_file"
    case keyFile = "key_file"
    case serverName = "server_name"
    case insecureSkipVerify = "insecure_skip_verify"
}
