import { assemblePage, loadStyle } from '../document/assemble.js';
import { standingTemplate } from '../document/templates.js';
import type { StandingView } from './standing-view.js';

/** The page in the look of the reports: one file without scripts, network or outside parts. */
export async function standingPage(view: StandingView): Promise<string> {
  const assets = { style: await loadStyle(['standing.css']), scripts: [] };
  return assemblePage(view.title, standingTemplate()(view), assets, { charts: {}, records: [] });
}
