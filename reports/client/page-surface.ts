/**
 * The few browser interfaces that the client uses. The whole DOM library would make `document` a known name
 * in every file of the package, the server side included.
 */
export interface PageElement {
  id: string;
  textContent: string | null;
  open: boolean;
  href: string;
  download: string;
  dataset: Record<string, string | undefined>;
  classList: { add(name: string): void; remove(name: string): void; contains(name: string): boolean };
  style: Record<string, string>;
  clientWidth: number;
  hidden: boolean;
  type: string;
  value: string;
  htmlFor: string;
  parentElement: PageElement | null;
  children: ArrayLike<PageElement>;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...nodes: PageElement[]): void;
  before(...nodes: PageElement[]): void;
  replaceChildren(...nodes: PageElement[]): void;
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
  click(): void;
}

export interface PageEvent {
  /** Of keyboard events. */
  key?: string;
  preventDefault(): void;
}

export interface PageDocument {
  documentElement: PageElement;
  getElementById(id: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  createElement(name: string): PageElement;
}

export interface MediaQuery {
  matches: boolean;
  addEventListener(type: 'change', listener: () => void): void;
}

export interface PageWindow {
  addEventListener(type: string, listener: () => void): void;
  matchMedia(query: string): MediaQuery;
  getComputedStyle(element: PageElement): { getPropertyValue(name: string): string };
  Chart: ChartConstructor;
}

/** The parts of a 2D canvas context that the plugins draw with. */
export interface Canvas2d {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: 'left' | 'right' | 'center';
  textBaseline: 'top' | 'middle' | 'bottom' | 'alphabetic';
  save(): void;
  restore(): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
  clip(): void;
  stroke(): void;
  fill(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { width: number };
  setLineDash(segments: number[]): void;
}

export interface ChartScale {
  min: number;
  max: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  width: number;
  ticks: { value: number; label?: string }[];
  getPixelForValue(value: number): number;
}

export interface ChartInstance {
  ctx: Canvas2d;
  width: number;
  height: number;
  chartArea: { left: number; right: number; top: number; bottom: number };
  scales: { x: ChartScale; y: ChartScale };
  resize(): void;
  destroy(): void;
}

export interface ChartConstructor {
  new (canvas: PageElement, configuration: object): ChartInstance;
}

export interface ChartPlugin {
  id: string;
  beforeDatasetsDraw?(chart: ChartInstance): void;
  afterDatasetsDraw?(chart: ChartInstance): void;
}
