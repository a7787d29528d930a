// The browser of tests is the one of benchmarks and pictures.
export { launchBrowser, launchBrowserOf, launchProfile } from '../../scripts/lib/browser.ts';
