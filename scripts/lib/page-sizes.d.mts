// Types of page-sizes.mjs, which builds run as it is.
export interface MeasuredPage {
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  readonly firstBytes: number;
  readonly allBytes: number;
}
export function measurePage(folder: string, first?: readonly string[]): MeasuredPage | undefined;
export function checkBudgets(root: string, log: (line: string) => void): string[];
