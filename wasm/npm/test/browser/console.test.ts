// The page that calls any method of a server: what it shows of the server, of a message, and of a call.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { server, theBrowser } from "./chromium.js";
import { PATIENCE } from "./launch.js";

async function open(t: TestContext): Promise<Page> {
  const context = await (await theBrowser()).newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("console", (message) => void (["error", "warning"].includes(message.type()) && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  await page.goto(`${server}/console/`);
  await page.waitForSelector("html[data-ready]");
  return page;
}

async function choose(page: Page, service: string, method: string): Promise<void> {
  await page.selectOption("#service", service);
  await page.selectOption("#method", method);
}

/** Calls, and returns how the call ended and the messages that came. */
async function call(page: Page): Promise<{ ending: string; messages: unknown[] }> {
  await page.click("#send");
  await page.waitForFunction(() => document.querySelector("#ending")?.textContent !== "Calling …");
  const ending = (await page.textContent("#ending")) ?? "";
  return { ending, messages: (await page.locator("#messages pre").allTextContents()).map((text) => JSON.parse(text)) };
}

test("a form becomes a message, and the answer is shown", async (t) => {
  const page = await open(t);
  assert.deepEqual(await page.locator("#service option").allTextContents(), [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "hedgerow.chaos.v1.Chaos",
    "helloworld.Greeter",
  ]);
  await choose(page, "helloworld.Greeter", "SayHello");
  assert.equal(await page.textContent("#signature"), "SayHello(helloworld.HelloRequest) returns (helloworld.HelloReply)");
  await page.fill("#fields [name=name]", "Ada");
  assert.deepEqual(JSON.parse(await page.inputValue("#json")), { name: "Ada" });
  assert.deepEqual(await call(page), { ending: "OK", messages: [{ message: "Hello Ada" }] });
});

test("the JSON fills the form, an array is several messages, and mistakes are told", async (t) => {
  const page = await open(t);
  await choose(page, "helloworld.Greeter", "BidiHello");
  await page.fill("#json", '{"name": "Grace"}');
  assert.equal(await page.inputValue("#fields [name=name]"), "Grace");
  await page.fill("#json", '[{"name": "Ada"}, {"name": "Grace"}]');
  assert.deepEqual(await call(page), { ending: "OK", messages: [{ message: "Hello Ada" }, { message: "Hello Grace" }] });
  await page.fill("#json", '{"surname": 1}');
  assert.match((await call(page)).ending, /^Not called: .*surname/);
  await page.fill("#json", "{");
  assert.notEqual(await page.textContent("#problem"), "");
});

test("a failure is retried, every attempt is drawn, and the final status is shown", async (t) => {
  const page = await open(t);
  await choose(page, "hedgerow.chaos.v1.Chaos", "Do");
  const callId = crypto.randomUUID();
  await page.fill("#json", JSON.stringify({ callId, steps: [{ status: { code: 14, message: "busy" }, pushback: ["0"] }, {}] }));
  const { ending, messages } = await call(page);
  assert.equal(ending, "OK, after 2 attempts");
  assert.equal(messages.length, 1);
  await page.locator("#inspector").getByText("1 retried or hedged").waitFor();
  await page.fill("#json", JSON.stringify({ steps: [{ status: { code: 5, message: "no such thing" } }] }));
  assert.match((await call(page)).ending, /NOT_FOUND.*no such thing/);
});

test("a call that hangs is canceled by its button", async (t) => {
  const page = await open(t);
  await choose(page, "hedgerow.chaos.v1.Chaos", "Do");
  await page.fill("#json", JSON.stringify({ steps: [{ hang: {} }] }));
  await page.click("#send");
  await page.click("#cancel");
  await page.waitForFunction(() => document.querySelector("#ending")?.textContent?.includes("CANCELLED"));
});

test("a server that does not answer is told in words", async (t) => {
  const page = await open(t);
  await page.fill("#server", "nonsense");
  await page.locator("#server").evaluate((input: HTMLInputElement) => {
    input.type = "text";
    input.value = "http://";
  });
  await page.click("#open");
  await page.waitForFunction(() => document.querySelector("#connection")?.textContent?.includes("baseUrl"));
});
