// Who is at the other end of a LAN connection. Both ends show their gate's certificate in TLS 1.3, which proves that they hold its key;
// whether the certificate counts is decided here: issued by the deployment's CA, in force (with the grace that an expired one
// has on the LAN), and listed in the feed under that very key.
import type { TLSSocket } from 'node:tls';
import { bytesEqual, err, ok, type Result } from '@postern/shared';
import { certificateToPem, verifyGateCertificate, type CertificateError } from '../certificates.ts';

/** What this gate shows of itself. */
export interface TlsIdentity {
  readonly gate: string;
  /** PKCS #8. */
  readonly keyPem: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER. */
  readonly ca: Uint8Array;
}

/** What the gate knows now: changes with every feed and with the clock's trust. */
export interface TrustState {
  /** The latest of trusted time, saved time and build time. */
  readonly atMs: number;
  readonly timeTrusted: boolean;
  readonly graceMs: number;
  /** Public key that the feed lists for a gate of ours, undefined for others and for revoked ones. */
  readonly listedKey: (gate: string) => Uint8Array | undefined;
}

export type PeerIdentityError =
  | CertificateError
  | { readonly type: 'certificate-missing' }
  /** A good certificate of a gate that the feed does not list, or lists under another key. */
  | { readonly type: 'gate-not-listed'; readonly gate: string };

/** How long an expired certificate still serves on the LAN when the feed does not say. */
export const defaultGraceMs = 7 * 86_400_000;

/** TLS options for both ends. Node's own verdict is switched off because it is replaced by `identifyPeer`. */
export const tlsOptions = ({ keyPem, certificate }: TlsIdentity) =>
  ({
    key: keyPem,
    cert: certificateToPem(certificate),
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
  }) as const;

/** The gate at the other end of an established connection. Nothing may be sent or believed before it has answered. */
export function identifyPeer(
  socket: TLSSocket,
  identity: TlsIdentity,
  trust: TrustState,
): Result<string, PeerIdentityError> {
  const der: unknown = socket.getPeerCertificate(false)?.raw;
  if (!(der instanceof Uint8Array) || der.length === 0) return err({ type: 'certificate-missing' });
  const { atMs, timeTrusted, graceMs } = trust;
  const verified = verifyGateCertificate(new Uint8Array(der), { ca: identity.ca, atMs, timeTrusted, graceMs });
  if (!verified.ok) return verified;
  const { gate, publicKey } = verified.value;
  const listed = trust.listedKey(gate);
  return listed !== undefined && bytesEqual(listed, publicKey) ? ok(gate) : err({ type: 'gate-not-listed', gate });
}
