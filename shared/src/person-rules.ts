// What accounts of people are made of, for who checks it and for who says beforehand that it will not do.

/** An account of a person at this service. */
export const userIdPattern = /^[0-9a-f]{12}$/;

/** As people have them: `anna@example.org`. */
export const emailPattern =
  /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/;

/** As long as one likes up to a bound; nothing is asked of its characters. */
export const passwordChars = { least: 10, most: 200 } as const;
export const isPassword = ({ length }: string): boolean =>
  length >= passwordChars.least && length <= passwordChars.most;

export const personNameCharsMax = 100;

/** Of staff at gates. */
export const pinPattern = /^[0-9]{4,12}$/;
