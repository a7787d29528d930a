// Places inside the section that are none of its gates.
/** In the place of a gate's id in the address; no gate is called so, ids have no dot. */
export const newPlace = '.new';
