// In place of a backend that nobody here uses: the build puts this where face-api imports WebGL's.
export const backend = undefined;
