// A page for tests of worker: true.
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { DO, SERVER } from "../support/server.js";
import { openPage, type SiteOptions } from "./pages.js";

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly commitReason: string;
}

/** Puts functions into the page that open channels in a worker and return the results of their calls. */
export async function openLab(t: TestContext, options: SiteOptions = {}): Promise<Page> {
  const page = await openPage(t, options);
  await page.evaluate(
    ({ baseUrl, DO }) => {
      const lab = {
        deaths: [] as string[],
        open: (more: object = {}) =>
          hedgerow.createChannel({ baseUrl, worker: true, onFatal: (error) => lab.deaths.push(error.message), ...more }),
        call: async (channel: import("hedgerow").Channel, bytes: number[] = [], method = DO, options = {}) => {
          try {
            const { commitReason } = await channel.unary(method, Uint8Array.from(bytes), options);
            return { code: 0, message: "", commitReason };
          } catch (error) {
            const { code, message, commitReason } = error as import("hedgerow").StatusError;
            return { code, message, commitReason };
          }
        },
        kept: {} as Record<string, import("hedgerow").Channel>,
        pending: undefined as Promise<Outcome[]> | undefined,
      };
      Object.assign(globalThis, { lab });
    },
    { baseUrl: SERVER, DO },
  );
  return page;
}

declare global {
  /** In the page: see openLab. */
  var lab: {
    readonly deaths: string[];
    open(more?: object): Promise<import("hedgerow").Channel>;
    call(channel: import("hedgerow").Channel, bytes?: number[], method?: string, options?: object): Promise<Outcome>;
    readonly kept: Record<string, import("hedgerow").Channel>;
    pending: Promise<Outcome[]> | undefined;
  };
}

/** Waits until the page has so many workers. It takes a while until it notices that one has ended. */
export async function workers(page: Page, count: number): Promise<void> {
  while (page.workers().length !== count) {
    await Promise.race([page.waitForEvent("worker"), ...page.workers().map((worker) => worker.waitForEvent("close"))]);
  }
}
