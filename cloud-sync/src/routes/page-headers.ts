// The rules under which browsers show our pages: everything comes from this address, nothing is written in the page itself, nobody frames it,
// and nothing of it is told to other sites.
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

export interface PageRules {
  /** It shows pictures that it has made itself, or has in itself. */
  readonly ownPictures?: boolean;
  /** It runs WebAssembly. */
  readonly wasm?: boolean;
  /** It looks through the camera. */
  readonly camera?: boolean;
  /** It is installed: a manifest, a worker that answers without a network. */
  readonly installed?: boolean;
  /** Its files are named by a `<base>`. */
  readonly base?: boolean;
  /** What else it may ask, beside this address. */
  readonly connect?: readonly string[];
}

export function pageHeaders({
  ownPictures = false,
  wasm = false,
  camera = false,
  installed = false,
  base = false,
  connect = [],
}: PageRules): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'", ...(wasm ? ["'wasm-unsafe-eval'"] : [])],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", ...(ownPictures ? ['data:', 'blob:'] : [])],
      connectSrc: ["'self'", ...connect],
      ...(installed ? { manifestSrc: ["'self'"], workerSrc: ["'self'"] } : {}),
      baseUri: [base ? "'self'" : "'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    permissionsPolicy: {
      camera: camera ? ['self'] : [],
      microphone: [],
      geolocation: [],
      payment: [],
    },
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    strictTransportSecurity: false,
  });
}
