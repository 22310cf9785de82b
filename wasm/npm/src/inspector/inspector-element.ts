import type { Observable } from "../api/observe.js";
import type { Channel } from "../api/types.js";
import { Details } from "./details.js";
import { html, setAttribute, svg } from "./elements.js";
import { History, type InspectedCall } from "./history.js";
import { Navigation } from "./navigation.js";
import { type Picture, pictureOf } from "./picture.js";
import { Rows } from "./rows.js";
import { drawAxis, type Scale, scaleOf } from "./scale.js";
import { inspectorStyles } from "./styles.js";
import { codeName, count, formatMs } from "./words.js";

/** While calls come and go, it draws at most so often, in milliseconds. */
const DRAW_EVERY = 33;
/** While nothing but time passes, the bars of running calls grow at this pace. */
const GROW_EVERY = 250;
const MAX_CALLS = 500;

/** Which calls are shown. */
const FILTERS: { readonly [name: string]: (call: InspectedCall) => boolean } = {
  "All calls": () => true,
  "Retried or hedged": ({ attempts }) => attempts.length > 1,
  Failed: ({ code }) => code !== undefined && code !== 0,
};

/** In a server without a DOM, importing this must do no harm. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** Options of `attach`. */
export interface AttachOptions {
  /** What the channel is called where several are attached. */
  name?: string | undefined;
}

/**
 * `<hedgerow-inspector>`: the calls of the channels that are attached to it, as they happen, with every attempt, wait and commit.
 *
 * The attribute `max-calls` says how many calls are kept (500); older ones are dropped. `theme` is "light" or "dark" where the page does
 * not follow what the visitor prefers. The CSS property `--hedgerow-rows` sets how tall the list may become (264px).
 */
export class HedgerowInspector extends Base {
  static readonly observedAttributes: readonly string[] = ["max-calls"];
  #history: History = new History(MAX_CALLS, () => this.#changed());
  #attached = 0;
  #filter = "All calls";
  /** All calls are on one axis; otherwise each is drawn from its own start. */
  #common = false;
  #shown: readonly InspectedCall[] = [];
  #pictures: WeakMap<InspectedCall, { readonly key: string; readonly picture: Picture }> = new WeakMap();
  #scale: Scale = scaleOf([], 0);
  /** Of the rows; read only when it changes, because reading it costs a layout. */
  #width = 0;
  #frame: number | undefined;
  /** Not before this instant is drawn again. */
  #next = 0;
  #grow: ReturnType<typeof setTimeout> | undefined;
  #view: View | undefined;

  /**
   * Shows the calls that start from now on on a channel, or on the one that a promise resolves to. Returns a function that ends this. The
   * channel holds on to the inspector until then. Throws a TypeError if what it is given is neither.
   */
  attach(channel: Channel | PromiseLike<Channel>, { name }: AttachOptions = {}): () => void {
    const { listener, leave } = this.#history.follow(name);
    let detach: (() => void) | undefined;
    let left = false;
    const observe = (one: Channel) => {
      if (!left) detach = observable(one).observe(listener);
    };
    if ("then" in channel)
      channel.then(observe, () => {}); // whoever made the promise hears that it failed
    else observe(channel);
    this.#attached++;
    this.#changed();
    return () => {
      if (left) return;
      left = true;
      this.#attached--;
      detach?.();
      leave();
    };
  }

  /** Forgets the calls so far. */
  clear(): void {
    this.#history.clear();
    this.#view?.details.show(undefined);
  }

  connectedCallback(): void {
    this.#view ??= this.#build();
    this.#view.resized.observe(this.#view.rows.element);
    this.#changed();
  }

  disconnectedCallback(): void {
    this.#view?.resized.disconnect();
    this.#width = 0;
    clearTimeout(this.#grow);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  attributeChangedCallback(_name: string, _before: string | null, value: string | null): void {
    const limit = Number(value ?? MAX_CALLS);
    this.#history.limit = Number.isInteger(limit) && limit > 0 ? limit : MAX_CALLS;
    this.#changed();
  }

  /** Has the next frame draw. A call costs nothing more, however often it is made before that. */
  #changed(): void {
    if (this.#frame === undefined && this.#width > 0) this.#frame = requestAnimationFrame((now) => this.#onFrame(now));
  }

  #onFrame(now: number): void {
    this.#frame = undefined;
    if (now < this.#next) {
      this.#changed();
      return;
    }
    const begun = performance.now();
    this.#draw(begun);
    // Drawing takes at most a quarter of the time: where it is slow, it is done less often.
    this.#next = now + Math.max(DRAW_EVERY, 4 * (performance.now() - begun));
    clearTimeout(this.#grow);
    if (this.#shown.some(({ endedAt }) => endedAt === undefined)) this.#grow = setTimeout(() => this.#changed(), GROW_EVERY);
  }

  #draw(now: number): void {
    const view = this.#view;
    if (!view || this.#width === 0) return;
    const { calls } = this.#history;
    this.#shown = calls.filter(FILTERS[this.#filter] ?? (() => true));
    const origin = this.#common ? this.#shown[0]?.startedAt : undefined;
    const pictureAt = (call: InspectedCall) => this.#picture(call, now, origin);
    const pictures = this.#shown.map(pictureAt).filter((picture) => picture !== undefined);
    this.#scale = scaleOf(pictures, this.#width, {
      view: view.navigation.view,
      gutter: this.#width >= 720 ? 200 : this.#width >= 460 ? 130 : 84,
      need: () => (this.#width >= 460 ? 150 : 60),
    });
    const list = view.rows.element;
    const following = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
    drawAxis(view.axis, this.#scale);
    view.navigation.whileDrawing(() => view.rows.draw(pictureAt, this.#scale));
    if (following && list.scrollTop + list.clientHeight < list.scrollHeight) list.scrollTop = list.scrollHeight;
    view.details.draw(now, this.#width);
    const empty = this.#shown.length === 0;
    view.empty.hidden = !empty;
    view.navigation.hint.hidden = empty || this.#width < 460;
    if (empty) view.empty.textContent = this.#whyEmpty(calls.length);
    const totals = totalsOf(calls);
    if (view.totals.textContent !== totals) view.totals.textContent = totals;
  }

  #whyEmpty(calls: number): string {
    if (calls > 0) return `None of the ${calls} calls is one of these.`;
    if (this.#attached === 0) return "No channel is attached: call attach(channel) on this element.";
    return this.#history.paused ? "Paused: calls that start now are not shown." : "No calls yet.";
  }

  #picture(call: InspectedCall, now: number, common: number | undefined): Picture | undefined {
    if (call.startedAt === undefined) return undefined;
    const origin = common ?? call.startedAt;
    const key = `${call.version} ${origin}`;
    const known = this.#pictures.get(call);
    if (known?.key === key && call.endedAt !== undefined) return known.picture;
    const picture = pictureOf(call, now, origin);
    this.#pictures.set(call, { key, picture });
    return picture;
  }

  #build(): View {
    const details = new Details(() => this.#choose(undefined));
    const axis = svg("svg", { class: "axis", "aria-hidden": "true" });
    const rows = new Rows<InspectedCall>(() => this.#shown, {
      label: ({ method }) => shortName(method),
      note: noteOf,
      key: (call) => String(call === details.call),
      attributes: (call) => ({
        role: "group",
        "aria-label": `Call ${call.number}, ${shortName(call.method)}`,
        "data-selected": call === details.call,
      }),
    });
    const chart = html("div", { class: "chart" }, axis, rows.element);
    const navigation = new Navigation<InspectedCall>(chart, {
      calls: () => this.#shown,
      scale: () => this.#scale,
      reveal: (call) => rows.reveal(call),
      redraw: () => this.#draw(performance.now()),
      open: (call) => this.#choose(call),
    });
    chart.append(navigation.mark);
    rows.element.addEventListener("scroll", () => this.#changed(), { passive: true });
    rows.element.addEventListener("click", ({ target }) => {
      const number = (target as Element).closest<SVGElement>(".row")?.dataset["call"];
      const call = this.#shown.find((one) => String(one.number) === number);
      if (call && navigation.mark.hidden) this.#choose(call);
    });
    const totals = html("p", { class: "totals" });
    const empty = html("p", { class: "empty" });
    const tools = html(
      "div",
      { class: "tools" },
      this.#filters(),
      this.#lineUp(navigation),
      navigation.buttons,
      this.#pause(),
      this.#clear(),
    );
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(inspectorStyles());
    root.adoptedStyleSheets = [sheet];
    root.append(
      html(
        "section",
        { class: "inspector", "aria-label": "Calls" },
        html("div", { class: "bar-of-tools" }, totals, tools),
        chart,
        empty,
        navigation.hint,
        details.element,
      ),
    );
    const resized = new ResizeObserver(() => {
      this.#width = rows.element.clientWidth;
      this.#changed();
    });
    return { details, axis, rows, navigation, totals, empty, resized };
  }

  #choose(call: InspectedCall | undefined): void {
    this.#view?.details.show(call);
    this.#draw(performance.now());
  }

  #filters(): HTMLElement {
    const select = html(
      "select",
      { "aria-label": "Which calls" },
      ...Object.keys(FILTERS).map((name) => html("option", {}, name)),
    );
    select.addEventListener("change", () => {
      this.#filter = select.value;
      this.#changed();
    });
    return select;
  }

  #lineUp(navigation: Navigation<InspectedCall>): HTMLElement {
    return toggle("Line up starts", true, (pressed) => {
      this.#common = !pressed;
      navigation.reset();
    });
  }

  #pause(): HTMLElement {
    return toggle("Pause", false, (pressed) => {
      this.#history.paused = pressed;
      this.#changed();
    });
  }

  #clear(): HTMLElement {
    const button = html("button", { type: "button" }, "Clear");
    button.addEventListener("click", () => this.clear());
    return button;
  }
}

/** What is made once the element is in a page. */
interface View {
  readonly details: Details;
  readonly axis: SVGSVGElement;
  readonly rows: Rows<InspectedCall>;
  readonly navigation: Navigation<InspectedCall>;
  readonly totals: HTMLElement;
  readonly empty: HTMLElement;
  readonly resized: ResizeObserver;
}

function observable(channel: Channel): Observable {
  const one = channel as Partial<Observable> | null;
  if (typeof one?.observe === "function") return one as Observable;
  throw new TypeError("attach needs a channel that Hedgerow's createChannel made, or a promise of one");
}

function toggle(text: string, pressed: boolean, act: (pressed: boolean) => void): HTMLElement {
  const button = html("button", { type: "button", "aria-pressed": String(pressed) }, text);
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    setAttribute(button, "aria-pressed", String(now));
    act(now);
  });
  return button;
}

/** A method without its package: "Greeter/SayHello". */
function shortName(method: string): string {
  return method.replace(/^\/(?:[^/]*\.)?/, "");
}

function noteOf({ startedAt = 0, endedAt, code }: InspectedCall, { running }: Picture): string {
  if (running || endedAt === undefined) return "";
  const took = formatMs(endedAt - startedAt);
  if (code === undefined) return took; // it was not watched to its end
  return code === 0 ? `✓ ${took}` : `✕ ${codeName(code)} ${took}`;
}

function totalsOf(calls: readonly InspectedCall[]): string {
  const parts = [count(calls.length, "call")];
  const amount = (name: string) => calls.filter(FILTERS[name] ?? (() => false)).length;
  const [again, failed] = [amount("Retried or hedged"), amount("Failed")];
  const running = calls.filter(({ endedAt }) => endedAt === undefined).length;
  if (running > 0) parts.push(`${running} running`);
  if (again > 0) parts.push(`${again} retried or hedged`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(" · ");
}
