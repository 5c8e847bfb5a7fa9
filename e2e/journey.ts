import { test as base, expect, type Locator, type Page } from "@playwright/test";

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

interface Options {
  /** What a journey provokes on purpose, of all that would else count as a fault of the page. */
  provoked: RegExp[];
}

/** A test whose page must not complain: no error in the console, no script that throws, nothing that the policy forbids. */
export const test = base.extend<Options>({
  provoked: [[], { option: true }],
  page: async ({ page, provoked }, use) => {
    const complaints = await listenTo(page);
    await use(page);
    expect(complaints.filter((text) => !provoked.some((pattern) => pattern.test(text)))).toEqual([]);
  },
});

/** Collects what a page complains about. */
export async function listenTo(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  return complaints;
}

/** On a phone the page must not move sideways; what is too wide may scroll in itself. */
export async function expectFitsPhone(page: Page): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize(PHONE);
  await expect.poll(() => page.evaluate(whatIsTooWide), "wider than a phone").toEqual([]);
  if (before) await page.setViewportSize(before);
}

function whatIsTooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > clientWidth);
  return [
    `${scrollWidth} px`,
    ...wide.filter((element) => element.children.length === 0).map((element) => element.outerHTML.slice(0, 300)),
  ];
}

/** Says later whether the page is still the document that it was. */
export async function neverReloaded(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => document.documentElement.setAttribute("data-first", ""));
  return () => expect(page.locator("html[data-first]")).toBeAttached();
}

export function region(page: Page, name: string | RegExp): Locator {
  return page.getByRole("region", { name });
}

/** Where the links of a part of the page lead, as paths. */
export function hrefs(part: Locator): Promise<string[]> {
  return part.getByRole("link").evaluateAll((links) => links.map((link) => (link instanceof HTMLAnchorElement ? link.pathname : "")));
}
