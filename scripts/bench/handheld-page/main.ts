// A page with nothing but a handheld in it: tests and the bench drive the gate in a real browser through `window.handheld`.
import { openHandheld } from '../../../gate-agent/src/handheld/core/open-handheld.ts';
import { measureCamera } from './camera.ts';

Object.assign(window, {
  handheld: openHandheld({
    cloudUrl: location.href.replace(/\/handheld\/.*$/, ''),
    startWorker: () =>
      new Worker(new URL('../../../gate-agent/src/handheld/core/worker.ts', import.meta.url), { type: 'module' }),
  }),
  measureCamera,
});
