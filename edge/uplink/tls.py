"""The TLS side of the connection."""

import ssl

from edge.runtime.config import TlsSection


def context(section: TlsSection) -> ssl.SSLContext:
    """Built anew for each connection, so that a renewed certificate is taken up. Raises `OSError` (`ssl.SSLError`)."""
    built = ssl.create_default_context(cafile=str(section.ca))
    built.minimum_version = ssl.TLSVersion.TLSv1_2
    built.load_cert_chain(str(section.certificate), str(section.key))
    return built
