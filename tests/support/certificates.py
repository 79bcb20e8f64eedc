"""Server certificates: valid ones of a test authority, and each kind of invalid one."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)

_SIGNS = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
"""Python 3.13 and later require it of an authority."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A file with a certificate and its key, and the file of its CA."""

    pem: Path
    authority: Path

    @property
    def context(self) -> ssl.SSLContext:
        """The server's TLS context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        return context


def self_signed(directory: Path) -> Served:
    """A self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed("127.0.0.1", "127.0.0.1", key, key)
    pem, public = directory / "self.pem", directory / "self-public.pem"
    pem.write_bytes(_pem(certificate, key))
    public.write_bytes(_pem(certificate))
    return Served(pem=pem, authority=public)


def issued(
    directory: Path, *, address: str = "127.0.0.1", age_days: int = 1, valid_days: int = 30
) -> Served:
    """A certificate of a new authority, with this age and lifetime."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed("the site's authority", None, authority_key, authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(
        address,
        address,
        key,
        authority_key,
        issuer="the site's authority",
        age=age_days * DAY,
        valid=valid_days * DAY,
    )
    pem, public = directory / "issued.pem", directory / "authority.pem"
    pem.write_bytes(_pem(certificate, key))
    public.write_bytes(_pem(authority))
    return Served(pem=pem, authority=public)


def _signed(
    subject: str,
    address: str | None,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    issuer: str = "",
    age: dt.timedelta = DAY,
    valid: dt.timedelta = 30 * DAY,
) -> x509.Certificate:
    begins = dt.datetime.now(dt.UTC) - age
    is_authority = key is by
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + valid)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
    )
    if is_authority:
        builder = builder.add_extension(_SIGNS, critical=True)
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(by, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    public = certificate.public_bytes(serialization.Encoding.PEM)
    if key is None:
        return public
    return public + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
