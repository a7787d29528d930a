// What a browser itself finds wrong with a page: what the page's own rules (CSP) forbade, what it wrote to its console as an error, and what
// axe-core finds against WCAG 2.0 to 2.2, levels A and AA.
import axe from 'axe-core';
import type { ConsoleMessage, Page } from 'playwright-core';

export interface PageWatch {
  /** One line each, empty when nothing was wrong. */
  readonly findings: () => readonly string[];
  /** What a test has caused itself: a cloud that is stopped leaves failed requests in the console. */
  readonly expect: (...patterns: readonly RegExp[]) => void;
}

/** Before the page is opened. */
export async function watchPage(page: Page): Promise<PageWatch> {
  const findings: string[] = [];
  const expected: RegExp[] = [];
  await page.exposeFunction('posternViolation', (line: string) => findings.push(`CSP: ${line}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
      const { posternViolation } = window as unknown as { readonly posternViolation: (line: string) => void };
      posternViolation(`${effectiveDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber})`);
    });
  });
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') findings.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => findings.push(`error: ${error.message}`));
  return {
    findings: () => findings.filter((line) => !expected.some((pattern) => pattern.test(line))),
    expect: (...patterns) => void expected.push(...patterns),
  };
}

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
  }[];
}

/** One line a place, empty when axe finds nothing. Evaluated from outside, so that the page's rules need not let it in. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async (values) => {
    const { axe: inPage } = window as unknown as {
      readonly axe: { readonly run: (context: Document, options: object) => Promise<AxeResults> };
    };
    return inPage.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
  }, rules);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary = '' }) =>
        `${id} (${help}) at ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`,
    ),
  );
}
