/** Makes requests and prints how they ended. Arguments: address, number of requests, options as JSON. */
import { HighPerformanceTransport } from '../high-performance-transport.js';
import { say } from './program-voice.js';

const [url, count, options] = process.argv.slice(2);
const transport = await HighPerformanceTransport.create(JSON.parse(options));
const session = await transport.connect(url);
const requests = Array.from({ length: Number(count) }, () => session.request(new Uint8Array(10)));
const outcomes = await Promise.allSettled(requests);
const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
say({ answered: outcomes.length - failures.length, failures });
await transport.close();
