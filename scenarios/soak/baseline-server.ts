/** The server of a soak's baseline arm: the same work on the Map/Mutex transport. */
import { BaselineTransport } from '../../core/baseline/baseline-transport.js';
import type { Session } from '../../core/transport.js';
import { numberField, serveCommands, textField } from '../arms/serve-commands.js';
import { type IntakeCounts, MessageIntake, noIntake } from './message-intake.js';
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

const transport = await BaselineTransport.create();
const gauges = new ProcessGauges();
const intake: IntakeCounts = noIntake();
const intakes = new Map<Session, MessageIntake>();
const acknowledgement = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
let broadcasts = 0;

transport.on('session', (session) => intakes.set(session, new MessageIntake(intake)));
transport.on('close', (session) => intakes.delete(session));
transport.on('message', (session, packet) => {
  const own = intakes.get(session);
  if (own === undefined) throw new Error(`session ${session.id} was never announced`);
  const sequence = own.take(packet.payload);
  // A session may have ended while its last messages waited for the mutex.
  if (packet.bizType === BIZ_ONE_WAY || session.closed) return;
  const reply =
    packet.bizType === BIZ_LARGE
      ? packet.payload
      : writeAcknowledgement(acknowledgement, own.session, sequence, own.received, broadcasts, own.faults);
  session.reply(packet, reply);
});

serveCommands({
  role: 'server',
  arm: 'baseline',
  handlers: {
    async listen(command) {
      const { url } = await transport.listen(textField(command, 'url'));
      const everyMs = 1000 / numberField(command, 'broadcastsPerSecond', 0.001);
      const filler = new Filler(0);
      setInterval(() => {
        broadcasts += 1;
        const payload = filler.message(0, broadcasts, BROADCAST_BYTES);
        for (const session of intakes.keys()) {
          if (!session.closed) session.send(payload, { bizType: BIZ_BROADCAST });
        }
      }, everyMs);
      return { url };
    },
    async gauges() {
      const own = await gauges.sample();
      return { gauges: { ...own, sessionsOpen: transport.counters.sessionsOpen }, intake, dropped: 0 };
    },
  },
  stop: () => transport.close({ drainTimeoutMs: 0 }),
});
