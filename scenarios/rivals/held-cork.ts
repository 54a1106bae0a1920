/** Arm `rival:held-cork`: the baseline with one change, sockets that stay corked until their packets were handled. */
import { serveBaseline } from '../arms/baseline-server.js';

serveBaseline('rival:held-cork', { corkUntilHandled: true });
