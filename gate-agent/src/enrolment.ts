// What enrolment is between a device and its cloud, whether the device is a gate or a phone: the one-time code buys a certificate for the
// device's key, and nothing of the answer is believed before certificate, key and signed time are known to belong together and to this
// request. The caller keeps what comes of it.
import {
  base64ToBytes,
  bytesEqual,
  bytesToBase64,
  bytesToHex,
  createCertificateRequest,
  enrolPath,
  enrolResponseSchema,
  err,
  hexToBytes,
  ok,
  problemSchema,
  serverTimeNonceBytes,
  verifyServerTime,
  type Clock,
  type EnrolResponse,
  type KeyPair,
  type Random,
  type Result,
} from '@postern/shared';
import { verifyGateCertificate, type GateCertificate } from './certificates.ts';
import { sampleOfRoundTrip, type TimeSample } from './clock-trust.ts';
import { answerJson, postJson, type HttpAnswer } from './http-client.ts';

const timeoutMs = 20_000;
const answerBytesMax = 256 * 1024;

export interface EnrolmentDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch?: typeof fetch;
}

/** `type` for programs, `message` one sentence that says what to do. */
export interface EnrolmentError {
  readonly type: string;
  readonly message: string;
}

/** As the cloud shows them; case, spaces and dashes do not matter. */
export const isEnrolmentCode = (text: string): boolean => /^[0-9A-Za-z -]{8,64}$/.test(text);

export interface Enrolment {
  readonly response: EnrolResponse;
  readonly certificate: GateCertificate;
  readonly sample: TimeSample;
}

/** `url`: of the cloud, without a slash at its end. */
export async function askForCertificate(
  url: string,
  code: string,
  keys: KeyPair,
  { clock, random, fetch }: EnrolmentDeps,
): Promise<Result<Enrolment, EnrolmentError>> {
  const nonce = random(serverTimeNonceBytes);
  const csr = bytesToBase64(createCertificateRequest(keys));
  const sentMs = clock.monotonicMs();
  const answer = await postJson(
    url + enrolPath,
    { code, csr, publicKey: bytesToHex(keys.publicKey), nonce: bytesToHex(nonce) },
    { timeoutMs, answerBytesMax, fetch },
  );
  const receivedMs = clock.monotonicMs();
  if (!answer.ok)
    return answer.error.type === 'http-too-large'
      ? notPostern(url)
      : fail('cloud-unreachable', unreachableText(url, answer.error.cause));
  if (answer.value.status !== 200) return refused(url, answer.value);
  const parsed = enrolResponseSchema.safeParse(answerJson(answer.value.body));
  if (!parsed.success) return notPostern(url);
  const response = parsed.data;

  const feedKeys = new Map(
    response.feedKeys
      .filter(({ use, state }) => use === 'feed' && state !== 'revoked')
      .map((key) => [key.keyId, hexToBytes(key.publicKey)]),
  );
  const serverMs = verifyServerTime(fromBase64(response.signedTime), nonce, (keyId) => feedKeys.get(keyId));
  if (!serverMs.ok) return untrusted(url, 'the time in it is not signed for this request');
  const certificate = verifyGateCertificate(fromBase64(response.certificate), {
    ca: fromBase64(response.ca),
    atMs: serverMs.value,
    timeTrusted: true,
    graceMs: 0,
  });
  if (!certificate.ok)
    return untrusted(url, 'cause' in certificate.error ? certificate.error.cause : 'its certificate is not in force');
  if (certificate.value.gate !== response.gate.id || !bytesEqual(certificate.value.publicKey, keys.publicKey))
    return untrusted(url, 'its certificate is for another gate');
  return ok({
    response,
    certificate: certificate.value,
    sample: sampleOfRoundTrip('server', serverMs.value, sentMs, receivedMs),
  });
}

function refused(url: string, { status, body }: HttpAnswer): Result<never, EnrolmentError> {
  const problem = problemSchema.safeParse(answerJson(body));
  const type = problem.success ? problem.data.type : undefined;
  switch (type) {
    case 'code-invalid':
      return fail(
        'code-invalid',
        'the code is wrong, was used before, or is too old (it works once, for 30 minutes); make a new one in the cloud and try again',
      );
    case 'attempts-exhausted':
      return fail(
        'attempts-exhausted',
        'too many wrong codes have reached the cloud; wait a minute, check the code, and try again',
      );
    case 'request-invalid':
    case 'csr-malformed':
    case 'csr-key-mismatch':
    case 'csr-signature-invalid':
      return fail(
        type,
        `the cloud at ${url} does not understand this gate (${type}); their versions probably do not fit: update the older one`,
      );
    default:
      return status >= 500
        ? fail(
            'cloud-failed',
            `the cloud at ${url} has a fault of its own (status ${status}); look at its log, then try again`,
          )
        : notPostern(url);
  }
}

const notPostern = (url: string): Result<never, EnrolmentError> =>
  fail('not-a-cloud', `${url} answers, but not as a Postern cloud does; check the address`);
const untrusted = (url: string, what: string): Result<never, EnrolmentError> =>
  fail(
    'answer-untrusted',
    `the answer of ${url} cannot be trusted (${what}); check the address, and that nothing on the way changes it, then ask for a new code`,
  );

/** Causes as Node and OpenSSL name them, and what each asks for. */
const unreachableCauses: readonly (readonly [cause: RegExp, next: string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, "check the name's spelling and this machine's network"],
  [
    /CERT|SELF_SIGNED|ISSUER|ALTNAME|TLS|SSL/,
    "its certificate is not accepted: check the address and this machine's date",
  ],
  [/redirect/, 'it sends elsewhere: use the address that a browser ends up at, with https://'],
];

function unreachableText(url: string, cause: string): string {
  const next =
    unreachableCauses.find(([pattern]) => pattern.test(cause))?.[1] ??
    "check the address, its port and this machine's network";
  return `cannot reach the cloud at ${url} (${cause}); ${next}`;
}

const fromBase64 = (text: string): Uint8Array => base64ToBytes(text) ?? new Uint8Array(0);
const fail = (type: string, message: string): Result<never, EnrolmentError> => err({ type, message });
