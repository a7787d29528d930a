// The page on which people enrol their own face, with the models that run in it: everything from this address, nothing inline, and the one
// permission that TensorFlow's WASM needs.
import type { Hono } from 'hono';
import { createRouter, problem, type Environment, type RouteContext } from './context.ts';
import { readPage, sendPageFile } from './page-files.ts';
import { pageHeaders } from './page-headers.ts';

export interface FacePageDeps {
  /** Folder of the built page. */
  readonly faceFolder: string;
}

/** Under `/face`. */
export function facePageRoutes({ faceFolder }: FacePageDeps): Hono<Environment> {
  const router = createRouter();
  const files = readPage(faceFolder);
  const headers = pageHeaders({ ownPictures: true, wasm: true, camera: true, base: true });
  const give =
    (kept: 'immutable' | 'for a day') =>
    (c: RouteContext): Response => {
      const file = files.get(c.req.path.slice('/face'.length));
      return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, kept);
    };
  router.get('/', headers, (c) => {
    const index = files.get('/index.html');
    if (index === undefined)
      return c.text('This page has not been built. Run npm run build, then start the service again.\n');
    const html = Buffer.from(index.bytes).toString('utf8');
    // What the page asks for lies under its own address, with and without a slash at its end.
    const isFolder = new URL(c.req.url).pathname.endsWith('/');
    return c.body(isFolder ? html : html.replace('<head>', '<head>\n    <base href="face/" />'), 200, {
      'Content-Type': index.contentType,
      'Cache-Control': 'no-cache',
    });
  });
  router.get('/assets/:file', headers, give('immutable'));
  router.get('/models/:file', headers, give('for a day'));
  return router;
}
