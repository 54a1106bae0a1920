/** The server of a soak's native arm: the engine's quickest handlers, with a ledger on each session. */
import { HighPerformanceTransport, type Message } from '../../core/index.js';
import { ControlError, numberField, serveCommands, textField } from '../arms/serve-commands.js';
import { PLANT_NAMES, type PlantName } from '../harness/options.js';
import { type IntakeCounts, MessageIntake, noIntake } from './message-intake.js';
import { plantMemory, SlicePlant } from './plants.js';
import { ProcessGauges } from './process-gauges.js';
import {
  ACKNOWLEDGEMENT_BYTES,
  BIZ_BROADCAST,
  BIZ_LARGE,
  BIZ_ONE_WAY,
  Filler,
  writeAcknowledgement,
} from './soak-message.js';

const BROADCAST_BYTES = 256;

const transport = await HighPerformanceTransport.create();
const gauges = new ProcessGauges();
const intake: IntakeCounts = noIntake();
/** By the slot of the session. */
const intakes: MessageIntake[] = [];
const acknowledgement = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
let broadcasts = 0;
let slicePlant: SlicePlant | undefined;

transport.on('session', (session) => {
  intakes[transport.sessionSlot(session.id)] = new MessageIntake(intake);
});
transport.onBatch((batch) => {
  for (const message of batch) take(message);
});

function take(message: Message): void {
  const { bizType } = message;
  const own = intakes[message.sessionSlot];
  const sequence = own.take(message.payload());
  slicePlant?.offer(message);
  if (bizType === BIZ_ONE_WAY) return;
  if (bizType === BIZ_LARGE) {
    message.reply(message);
    return;
  }
  message.reply(
    writeAcknowledgement(acknowledgement, own.session, sequence, own.received, broadcasts, own.faults),
  );
}

serveCommands({
  role: 'server',
  arm: 'native',
  handlers: {
    async listen(command) {
      const { url } = await transport.listen(textField(command, 'url'));
      const everyMs = 1000 / numberField(command, 'broadcastsPerSecond', 0.001);
      const filler = new Filler(0);
      setInterval(() => {
        broadcasts += 1;
        transport.broadcast(filler.message(0, broadcasts, BROADCAST_BYTES), { bizType: BIZ_BROADCAST });
      }, everyMs);
      return { url };
    },
    async gauges() {
      const own = await gauges.sample();
      const { gauges: engine, totals } = transport.performanceSnapshot();
      const { sessionsOpen, slicesLent, poolBytes, retainedBytes, queuedBytes } = engine;
      const ringBytesUsed = engine.outboundRingBytesUsed;
      const dropped = totals.messagesDropped;
      return {
        gauges: { ...own, sessionsOpen, slicesLent, poolBytes, retainedBytes, queuedBytes, ringBytesUsed },
        intake,
        dropped,
      };
    },
    plant(command) {
      const name = textField(command, 'name') as PlantName;
      const bytesPerSecond = numberField(command, 'bytesPerSecond', 1);
      if (!PLANT_NAMES.includes(name)) {
        throw new ControlError(
          'ERR_SOAK_PLANT',
          `there is no plant ${name}; there are ${PLANT_NAMES.join(', ')}`,
        );
      }
      if (name === 'slice') slicePlant = new SlicePlant(bytesPerSecond);
      else plantMemory(name, bytesPerSecond);
      return {};
    },
  },
  stop: () => transport.close({ drainTimeoutMs: 0 }),
});
