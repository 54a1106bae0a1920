import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from './package-root.js';

export type Template = (data: object) => string;

let page: Template | null = null;

/**
 * The page template, compiled once per process and never in the browser. Every `.hbs` file beside it is a
 * partial under its own name. Values are escaped by Handlebars; no template may ask for raw output, which a
 * test checks.
 */
export function pageTemplate(): Template {
  page ??= compilePage();
  return page;
}

function compilePage(): Template {
  const folder = join(packageRoot(), 'reports', 'templates');
  // An environment of its own: other users of Handlebars in the process see none of these names.
  const environment = Handlebars.create();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.hbs')) continue;
    environment.registerPartial(file.slice(0, -'.hbs'.length), readFileSync(join(folder, file), 'utf8'));
  }
  return environment.compile('{{> page}}', { strict: true, knownHelpersOnly: true, preventIndent: true });
}
