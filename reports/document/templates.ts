import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from './package-root.js';

export type Template = (data: object) => string;

const compiled = new Map<string, Template>();

/**
 * The template of a report, compiled once per process and never in the browser. Every `.hbs` file beside it is a
 * partial under its own name. Values are escaped by Handlebars; no template may ask for raw output, which a
 * test checks.
 */
export function pageTemplate(): Template {
  return compiledOnce('page');
}

/** The template of the page that has every published record on it. */
export function standingTemplate(): Template {
  return compiledOnce('standing');
}

/** The template of the page that lists the runs and gates of a folder. */
export function runListTemplate(): Template {
  return compiledOnce('run-list');
}

/** The template of a page that has nothing but a sentence. */
export function messageTemplate(): Template {
  return compiledOnce('message');
}

/** The template of the page of a gate. */
export function gateTemplate(): Template {
  return compiledOnce('gate');
}

function compiledOnce(name: string): Template {
  const template = compiled.get(name) ?? compile(name);
  compiled.set(name, template);
  return template;
}

function compile(name: string): Template {
  const folder = join(packageRoot(), 'reports', 'templates');
  // An environment of its own: other users of Handlebars in the process see none of these names.
  const environment = Handlebars.create();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.hbs')) continue;
    environment.registerPartial(file.slice(0, -'.hbs'.length), readFileSync(join(folder, file), 'utf8'));
  }
  return environment.compile(`{{> ${name}}}`, { strict: true, knownHelpersOnly: true, preventIndent: true });
}
