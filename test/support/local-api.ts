// The gate's port of tests is the one of benchmarks and pictures.
export { serveLocalApi, servedAtMs, type ServedApi } from '../../scripts/lib/local-api.ts';
