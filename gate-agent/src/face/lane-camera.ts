// Which of a lane's readers is its camera, and how readers are named.

/** Readers of a lane are named by its id and their number. */
export const readerId = (lane: string, index: number): string => `${lane}-${index + 1}`;

/** A lane's first camera that reads codes; negative where it has none. */
export const codeCameraIndex = (readers: readonly string[]): number =>
  readers.findIndex((uri) => /^camera(\+[a-z]+)?:/.test(uri));
