// The stylesheets, as text: they are adopted by the shadow root of an inspector, and by the demo page, which a Content-Security-Policy with
// style-src 'self' allows. Color never stands alone: codes are written out, the winner has a bold outline and a mark, and what was aborted
// is hatched.

import { FONT } from "./scale.js";

/** The colors of a drawing. Each kind of status has one, which is set on its bar as --tone. */
const LIGHT = `
--ok: #3d8f5b;
--unavailable: #d18b1b;
--late: #8a5fb0;
--limited: #c9653a;
--broken: #c2433d;
--refused: #3f79b5;
--aborted: #8d938a;
--running: #5f97ab;
--grid: #ece8db;
--jitter: #e9dfc2;
--jitter-edge: #c9b98a;
--wait: #8a7a48;
--hedge: #4d7c92;
--commit: #22302a;
--before: #77716a;
--ok-strong: #2b7445;`;

const DARK = `
--ok: #63b981;
--unavailable: #dda443;
--late: #b48fd6;
--limited: #e28d66;
--broken: #e57a72;
--refused: #74aee4;
--aborted: #8b958d;
--running: #76aec2;
--grid: #243028;
--jitter: #3b3722;
--jitter-edge: #7d7142;
--wait: #cbb873;
--hedge: #86bad0;
--commit: #e3eadf;
--before: #b3aca2;
--ok-strong: #63b981;`;

/** What the page around a drawing has to set: its ground, its text and its lines. */
const LIGHT_GROUND = `
--card: #fffdf8;
--ink: #22302a;
--muted: #5d6a62;
--line: #dfdbcc;
--line-strong: #bdb9a8;
--leaf: #2f6b43;
--leaf-soft: #e4eedf;`;

const DARK_GROUND = `
--card: #18211c;
--ink: #e3eadf;
--muted: #9aa79d;
--line: #2c382f;
--line-strong: #48574c;
--leaf: #7cc391;
--leaf-soft: #22342a;`;

/** The rules of a drawing. */
const DRAWING = `
/* Axis and grid */

.tick {
  stroke: var(--line-strong);
}

.grid {
  stroke: var(--grid);
}

.waterfall text,
.tick-label {
  fill: var(--muted);
  font: 12px ${FONT};
  font-variant-numeric: tabular-nums;
}

/* Attempts */

.bar {
  --tone: var(--running);
}

.bar[data-code] {
  --tone: var(--refused);
}

.bar[data-code="OK"] {
  --tone: var(--ok);
}

.bar[data-code="UNAVAILABLE"] {
  --tone: var(--unavailable);
}

.bar[data-code="DEADLINE_EXCEEDED"] {
  --tone: var(--late);
}

.bar:is([data-code="RESOURCE_EXHAUSTED"], [data-code="ABORTED"]) {
  --tone: var(--limited);
}

.bar:is([data-code="INTERNAL"], [data-code="UNKNOWN"], [data-code="DATA_LOSS"]) {
  --tone: var(--broken);
}

.bar:is([data-outcome="aborted"], [data-code="CANCELLED"]) {
  --tone: var(--aborted);
}

.bar {
  cursor: pointer;
  outline: none;
}

.bar .target {
  fill: none;
  pointer-events: all;
}

.queue {
  fill: none;
  stroke: var(--tone);
  stroke-width: 1.5;
  stroke-dasharray: 1 2;
}

.bar .ground {
  fill: var(--card);
}

.bar .wait {
  fill: var(--tone);
  fill-opacity: 0.24;
}

.bar .body {
  fill: var(--tone);
}

.bar .outline {
  fill: none;
  stroke: var(--tone);
}

.bar[data-winner] .outline {
  stroke: var(--commit);
  stroke-width: 2.4;
}

.bar .hatch {
  fill: none;
  stroke: #8d938a;
  stroke-width: 2;
}

.bar[data-outcome="aborted"] .body {
  fill-opacity: 0.24;
}

.bar[data-running] .wait {
  animation: breathe 1.6s ease-in-out infinite;
}

@keyframes breathe {
  50% {
    fill-opacity: 0.4;
  }
}

.stripe {
  fill: none;
}

.waterfall .number {
  font-size: 11px;
}

/* A label that may lie over lines and bars has a rim in the color of the card, which keeps it legible. */
.waterfall .label[data-place="over"],
.waterfall .commit-label,
.waterfall .deadline-label {
  paint-order: stroke;
  stroke: var(--card);
  stroke-width: 3px;
  stroke-linejoin: round;
}

.waterfall .code {
  fill: var(--ink);
}

.bar[data-winner] .code {
  font-weight: 700;
}

.message {
  fill: var(--card);
  stroke: var(--commit);
}

.dense .bar .wait {
  fill-opacity: 0.5;
}

.dense .bar[data-outcome="aborted"] .wait {
  fill-opacity: 0.3;
}

.bar:hover .outline,
.dense .bar:hover .ground {
  stroke: var(--commit);
}

.bar:focus-visible .outline,
.dense .bar:focus-visible .ground {
  stroke: var(--commit);
  stroke-width: 3;
}

.bar:focus-visible .target {
  fill: var(--leaf-soft);
  stroke: var(--leaf);
  stroke-width: 2;
}

/* Waits */

.jitter {
  fill: var(--jitter);
}

.wait-line {
  stroke: var(--wait);
  stroke-width: 1.5;
}

.wait-end {
  fill: var(--wait);
}

.waterfall .gap-label {
  fill: var(--ink);
}

.elapsed,
.arrow {
  fill: none;
  stroke: var(--hedge);
  stroke-width: 1.5;
}

.planned {
  stroke: var(--hedge);
  stroke-dasharray: 2 3;
}

.unused {
  fill: var(--card);
  stroke: var(--hedge);
  stroke-width: 1.5;
}

.waterfall .delay-label {
  fill: var(--hedge);
  font-size: 11px;
}

/* Marks */

.cloth {
  fill: var(--limited);
}

.flag .pole {
  stroke: var(--limited);
  stroke-width: 1.5;
}

.commit {
  fill: none;
  stroke: var(--commit);
  stroke-width: 1.2;
}

.commit-head {
  fill: var(--commit);
}

.waterfall .commit-label {
  fill: var(--ink);
}

.deadline {
  stroke: var(--broken);
  stroke-width: 1.5;
  stroke-dasharray: 5 3;
}

.waterfall .deadline-label {
  fill: var(--broken);
}

@media (prefers-reduced-motion: reduce) {
  .bar[data-running] .wait {
    animation: none;
  }
}
`;

/** The stylesheet of drawings in a document that sets their ground, as the demo page does. */
export function drawingStyles(): string {
  return `:root {${LIGHT}} @media (prefers-color-scheme: dark) { :root {${DARK}} }${DRAWING}`;
}

const ELEMENT = `
:host {
  display: block;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--card);
  color: var(--ink);
  font: 14px/1.5 ${FONT};
  font-variant-numeric: tabular-nums;
  text-align: left;
}

:host([hidden]),
[hidden] {
  display: none !important;
}

* {
  box-sizing: border-box;
}

h3,
p {
  margin: 0;
  font: inherit;
}

h3 {
  overflow-wrap: anywhere;
  font-weight: 600;
}

.inspector {
  display: grid;
  gap: 8px;
  padding: 10px 12px;
}

.bar-of-tools,
.tools,
.zoom {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 10px;
}

.tools,
.zoom {
  gap: 4px;
}

.totals {
  flex: 1 1 auto;
  color: var(--muted);
}

button,
select {
  min-width: 28px;
  min-height: 28px;
  padding: 2px 9px;
  border: 1px solid var(--line-strong);
  border-radius: 7px;
  background: var(--card);
  color: var(--ink);
  font: inherit;
  font-size: 12.5px;
  cursor: pointer;
}

button[aria-pressed="true"] {
  border-color: var(--leaf);
  background: var(--leaf-soft);
}

button:disabled {
  opacity: 0.55;
  cursor: default;
}

:focus-visible {
  outline: 2px solid var(--leaf);
  outline-offset: 1px;
}

.chart {
  position: relative;
  min-width: 0;
}

.axis,
.waterfall {
  display: block;
  max-width: 100%;
}

.rows {
  max-height: var(--hedgerow-rows, 264px);
  overflow: hidden auto;
  border-block: 1px solid var(--line);
  scrollbar-width: thin;
}

.mark {
  position: absolute;
  z-index: 2;
  inset-block: 0;
  border-inline: 1px solid var(--leaf);
  background: var(--leaf);
  opacity: 0.16;
  pointer-events: none;
}

.row {
  cursor: pointer;
}

.row:hover .stripe,
.row[data-selected] .stripe {
  fill: var(--leaf-soft);
}

.waterfall .note {
  fill: var(--muted);
  font-size: 11px;
}

.hint,
.empty {
  color: var(--muted);
  font-size: 12.5px;
}

.empty {
  padding: 18px 0;
  text-align: center;
}

.details {
  display: grid;
  gap: 6px;
  min-width: 0;
  padding-top: 8px;
  border-top: 1px solid var(--line);
}

.details header {
  display: flex;
  justify-content: space-between;
  gap: 8px;
}

.details .summary,
.remarks p {
  color: var(--muted);
  overflow-wrap: anywhere;
}

.details .drawing {
  min-width: 0;
  overflow: hidden;
}

.scroll {
  overflow-x: auto;
}

table {
  border-collapse: collapse;
  font-size: 12.5px;
}

th,
td {
  padding: 3px 14px 3px 0;
  border-bottom: 1px solid var(--line);
  text-align: left;
  white-space: nowrap;
}

th {
  color: var(--muted);
  font-weight: 600;
}

.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

@media (pointer: coarse) {
  .zoom-hint {
    display: none;
  }

  button,
  select {
    min-height: 36px;
  }
}
`;

/** The stylesheet of an inspector's shadow root. `theme="light"` and `theme="dark"` overrule what the visitor prefers. */
export function inspectorStyles(): string {
  const [light, dark] = [`${LIGHT}${LIGHT_GROUND}color-scheme: light;`, `${DARK}${DARK_GROUND}color-scheme: dark;`];
  return `:host {${light}}
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) {${dark}} }
:host([theme="dark"]) {${dark}}
${DRAWING}${ELEMENT}`;
}
