/**
 * The way in for every command a person types: makes sure that what the command needs is installed and built, then
 * runs it. Plain JavaScript, because it runs before anything is installed.
 *
 * `node ci/bootstrap/run.mjs <command> [arguments…]`; package.json gives each command its `npm run` name.
 */
import { runCommand } from './commands.mjs';
import { hostProblem, thisHost } from './platform.mjs';
import { SetupError, say } from './project.mjs';

const problem = hostProblem(thisHost());
if (problem !== undefined) {
  say(problem);
  process.exitCode = 1;
} else {
  try {
    await runCommand(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
