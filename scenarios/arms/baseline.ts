/** Arm `baseline`: the Map/Mutex transport on `node:net`, as pinned in core/baseline/DESIGN.md. */
import { serveBaseline } from './baseline-server.js';

serveBaseline('baseline', {});
