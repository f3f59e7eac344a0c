/// Debian's libcurl brings GnuTLS along, for protocols that no probe speaks (RTMPS, LDAPS); where it is loaded, it reads its
/// settings and fills tables of 110 kB. It asks the program first whether it shall, by this name.
///
/// - Returns: 1: it shall not.
@_cdecl("_gnutls_global_init_skip")
public func skipGnuTLS() -> CInt { 1 }
