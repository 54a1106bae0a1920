import type { MarkRole } from '../charts/chart-spec.js';
import type { PageDocument, PageWindow } from './page-surface.js';

declare const document: PageDocument;
declare const window: PageWindow;

export interface Theme {
  /** Drawn for a printer. */
  paper: boolean;
  page: string;
  ink: string;
  muted: string;
  hairline: string;
  wash: string;
  failMark: string;
  fill(role: MarkRole): string;
  mark(role: MarkRole): string;
  text(role: MarkRole): string;
}

/** The colours as the style sheet has them at this moment: light, dark or paper. */
export function currentTheme(paper: boolean): Theme {
  const style = window.getComputedStyle(document.documentElement);
  const property = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper,
    page: property('page'),
    ink: property('ink'),
    muted: property('muted'),
    hairline: property('hairline'),
    wash: property('wash'),
    failMark: property('role-fail-mark'),
    fill: (role) => property(`role-${role}-fill`),
    mark: (role) => property(`role-${role}-mark`),
    text: (role) => property(`role-${role}-text`),
  };
}

export const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
export const FONT_SIZE = 12;
/** For canvas text drawn by the plugins. */
export const FONT = `${FONT_SIZE}px ${FONT_FAMILY}`;
export const FONT_BOLD = `600 ${FONT_SIZE}px ${FONT_FAMILY}`;
