// The browser of tests is the one of benchmarks and pictures.
export { launchBrowser } from '../../scripts/lib/browser.ts';
