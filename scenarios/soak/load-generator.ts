/** The load generator of one arm of a soak: `scenarios/harness/CONTROL.md`, with the commands of `DESIGN.md` here. */

import { ControlError, numberField, serveCommands, textField } from '../arms/serve-commands.js';
import { enteredPhaseSchema } from '../harness/soak-schema.js';
import { type LoadRates, MixedLoad } from './mixed-load.js';

let load: MixedLoad | undefined;

function running(): MixedLoad {
  if (load === undefined) throw new ControlError('ERR_SOAK_NOT_STARTED', 'no load was started');
  return load;
}

serveCommands({
  role: 'generator',
  arm: 'soak',
  handlers: {
    start(command) {
      const match = /^tcp:\/\/([\d.]+):(\d+)$/.exec(textField(command, 'url'));
      if (match === null) {
        throw new ControlError('ERR_GENERATOR_INVALID_URL', `${command.url} is no tcp://ADDRESS:PORT`);
      }
      if (load !== undefined) throw new ControlError('ERR_SOAK_STARTED', 'a load is running already');
      const rates: LoadRates = {
        sessions: numberField(command, 'sessions', 1),
        requestsPerSecond: numberField(command, 'requestsPerSecond', 0),
        oneWayPerSecond: numberField(command, 'oneWayPerSecond', 0),
        largePerSecond: numberField(command, 'largePerSecond', 0),
        churnPerSecond: numberField(command, 'churnPerSecond', 0),
      };
      load = new MixedLoad(match[1], Number(match[2]), numberField(command, 'seed', 0), rates);
      load.start();
      return {};
    },
    phase(command) {
      const phase = enteredPhaseSchema.safeParse(command.phase);
      // Taken for a steady one, a phase that nobody knows would be a soak without faults.
      if (!phase.success)
        throw new ControlError('ERR_CONTROL_BAD_COMMAND', `"phase" ${phase.error.issues[0].message}`);
      running().enter(phase.data);
      return {};
    },
    take: () => ({ interval: running().take(), rssBytes: process.memoryUsage().rss }),
    async stop() {
      await running().stop();
      return {};
    },
  },
  stop: async () => {},
});
