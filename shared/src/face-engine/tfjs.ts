// What face-api expects of the package `@tensorflow/tfjs`, which it does not declare and which is 286 MB: the build puts this in its place.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
export * from '@tensorflow/tfjs-core';
