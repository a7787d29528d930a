// All that is built with Vite for browsers, and the thread in which a gate looks at faces: where each comes from and goes to, and what else it
// consists of.
import { basename } from 'node:path';

const faceModels = ['tiny_face_detector', 'face_landmark_68', 'face_recognition'];
/** What the face engine opens beside its code, out of the packages that it comes from, and their licences; `as` where the names clash. */
const faceFiles = [
  ...faceModels.flatMap((model) => [
    { from: `node_modules/@vladmandic/face-api/model/${model}_model.bin` },
    { from: `node_modules/@vladmandic/face-api/model/${model}_model-weights_manifest.json` },
  ]),
  { from: 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm' },
  { from: 'node_modules/@vladmandic/face-api/LICENSE', as: 'LICENSE.face-api' },
  { from: 'gate-agent/src/face-engine/NOTICE' },
];

const codeReader = [{ from: 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm' }];

/**
 * `further`: what else of ours its sources import; `worker`: its service worker, which is told the files of the build; `module`: it is no
 * page, but this one file for others to import; `thread`: this one file for Node to run; `copied`: files that lie beside it, or in the folder
 * `into`; `ledgers`: a Web Worker of it works on ledgers.
 */
export const pages = [
  { source: 'gate-agent/src/display', output: 'gate-agent/dist/display' },
  { source: 'gate-agent/src/desk', further: ['gate-agent/src/display'], output: 'gate-agent/dist/desk' },
  {
    source: 'gate-agent/src/handheld/page',
    further: ['gate-agent/src'],
    worker: 'worker',
    ledgers: true,
    output: 'cloud-sync/dist/handheld',
    copied: codeReader,
  },
  { source: 'cloud-sync/src/dashboard', output: 'cloud-sync/dist/dashboard' },
  { source: 'cloud-sync/src/face', output: 'cloud-sync/dist/face', copied: faceFiles, into: 'models' },
  { source: 'cloud-sync/src/my-ticket', worker: 'worker', output: 'cloud-sync/dist/my-ticket' },
  { source: 'cloud-sync/src/sdk', module: 'geofence', output: 'cloud-sync/dist/sdk' },
  { source: 'cloud-sync/src/sdk', module: 'wallet', output: 'cloud-sync/dist/wallet-sdk' },
  { source: 'gate-agent/src/face-engine', thread: 'thread', output: 'gate-agent/dist/face-engine', copied: faceFiles },
  { source: 'scripts/demo/page', output: '.cache/demo-page' },
  {
    source: 'scripts/bench/handheld-page',
    further: ['gate-agent/src'],
    ledgers: true,
    output: '.cache/handheld-page',
    copied: codeReader,
  },
];

/** What Vite begins with. */
export const entryOf = ({ module, thread }) =>
  (module ?? thread) === undefined ? 'index.html' : `${module ?? thread}.ts`;

/** What it makes of that, below the output. */
export const builtName = ({ module, thread }) =>
  thread !== undefined ? `${thread}.cjs` : module !== undefined ? `${module}.js` : 'index.html';

/** What is copied beside it, and its name there. */
export const copiedOf = ({ copied = [] }) => copied.map(({ from, as = basename(from) }) => ({ from, as }));
