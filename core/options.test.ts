import { describe, expect, it } from 'vitest';
import { resolveOptions, type TransportOptions } from './options.js';

const NUMBERS: [keyof TransportOptions, value: number, min: number, max: number][] = [
  ['workersPerNumaNode', 0, 0, 255],
  ['spinTimeUs', 0, 0, 1000],
  ['initialSessionCapacity', 1024, 1, 2 ** 24],
  ['payloadBytesMax', 2 ** 24, 1, 2 ** 30],
  ['extHeaderBytesMax', 65_535, 0, 65_535],
  ['writeQueueHighWatermarkBytes', 2 ** 18, 1, 2 ** 30],
  ['writeQueueBytesMax', 2 ** 24, 1, 2 ** 30],
  ['writeQueueTotalBytesMax', 2 ** 30, 1, 2 ** 40],
  ['stallTimeoutMs', 30_000, 1, 86_400_000],
  ['lingerTimeoutMs', 1000, 1, 3_600_000],
  ['inboundHighWatermarkBytes', 2 ** 16, 1, 2 ** 30],
  ['inboundBytesMax', 2 ** 24, 1, 2 ** 31],
  ['requestTimeoutMs', 10_000, 1, 86_400_000],
  ['pendingRequestsMax', 65_536, 1, 2 ** 24],
  ['metricsSamplingIntervalMs', 1000, 10, 3_600_000],
  ['eventQueueCapacity', 1024, 1, 2 ** 20],
  ['bufferBytesMax', 2 ** 30, 2 ** 20, 2 ** 40],
];
/** Bounds that would be below their watermarks, had those not been lowered with them. */
const ROOM = { writeQueueBytesMax: 2 ** 30, inboundBytesMax: 2 ** 31 };

function problemsOf(options: unknown): string {
  try {
    resolveOptions(options as TransportOptions);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_MSGTRANS_INVALID_OPTION' });
    return (error as Error).message;
  }
}

describe('transport options', () => {
  it('have defaults', () => {
    const byDefault = Object.fromEntries(NUMBERS.map(([name, value]) => [name, value]));
    expect(resolveOptions()).toEqual({
      ...byDefault,
      slowConsumerPolicy: 'close',
      enableNumaOptimization: true,
      debugBuffers: false,
      zeroCopyBuffers: { smallBuffers: 512, mediumBuffers: 128, largeBuffers: 64, hugeBuffers: 4 },
    });
    expect(resolveOptions({ payloadBytesMax: undefined })).toEqual(resolveOptions({}));
  });

  it.each(NUMBERS)('take %s within its range and nothing else', (name, _value, min, max) => {
    for (const value of [min, max]) {
      expect(resolveOptions({ ...ROOM, [name]: value })[name]).toBe(value);
    }
    for (const value of [min - 1, max + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, {}, true]) {
      const message = problemsOf({ ...ROOM, [name]: value });
      expect(message).toContain(`${name}: ${String(value)}`);
      expect(message).toContain(`from ${min} to ${max}`);
    }
  });

  it('take each policy and name them all otherwise', () => {
    for (const slowConsumerPolicy of ['close', 'drop-newest', 'throw'] as const) {
      expect(resolveOptions({ slowConsumerPolicy }).slowConsumerPolicy).toBe(slowConsumerPolicy);
    }
    expect(problemsOf({ slowConsumerPolicy: 'drop' })).toMatch(/drop is none of close, drop-newest, throw/);
  });

  it('take counts of buffers, each kind by itself', () => {
    const { zeroCopyBuffers } = resolveOptions({ zeroCopyBuffers: { largeBuffers: 1000 } });
    expect(zeroCopyBuffers).toEqual({
      smallBuffers: 512,
      mediumBuffers: 128,
      largeBuffers: 1000,
      hugeBuffers: 4,
    });
    expect(problemsOf({ zeroCopyBuffers: { hugeBuffers: 513 } })).toMatch(/zeroCopyBuffers.hugeBuffers: 513/);
    expect(problemsOf({ zeroCopyBuffers: { tinyBuffers: 1 } })).toMatch(
      /zeroCopyBuffers.tinyBuffers: there is no/,
    );
    for (const value of [null, 5, [], 'many']) {
      expect(problemsOf({ zeroCopyBuffers: value })).toMatch(/zeroCopyBuffers: .* is no object of counts/);
    }
  });

  it.each(['enableNumaOptimization', 'debugBuffers'] as const)('take true or false for %s', (name) => {
    for (const value of [false, true]) expect(resolveOptions({ [name]: value })[name]).toBe(value);
    for (const value of [0, 1, 'true', {}]) {
      expect(problemsOf({ [name]: value })).toContain(`${name}: ${String(value)} is neither true nor false`);
    }
  });

  it('report all problems at once', () => {
    const names = NUMBERS.map(([name]) => name);
    const wrong = Object.fromEntries(names.map((name) => [name, -5]));
    const message = problemsOf({ ...wrong, slowConsumerPolicy: 'wait', unheardOf: 1, toString: 2 });
    for (const name of [...names, 'slowConsumerPolicy', 'unheardOf', 'toString']) {
      expect(message).toContain(`${name}: `);
    }
  });

  it('name the options there are when one is unknown', () => {
    const message = problemsOf({ writeQueueBytes: 5 });
    for (const [name] of NUMBERS) expect(message).toContain(name);
  });

  it('lower a watermark that was not given to its bound, and refuse one above it', () => {
    expect(resolveOptions({ writeQueueBytesMax: 5000 }).writeQueueHighWatermarkBytes).toBe(5000);
    expect(resolveOptions({ inboundBytesMax: 5000 }).inboundHighWatermarkBytes).toBe(5000);
    const message = problemsOf({
      ...{ writeQueueBytesMax: 5000, writeQueueHighWatermarkBytes: 5001 },
      ...{ inboundBytesMax: 5000, inboundHighWatermarkBytes: 5001 },
    });
    expect(message).toMatch(/writeQueueHighWatermarkBytes: 5001 is above writeQueueBytesMax \(5000\)/);
    expect(message).toMatch(/inboundHighWatermarkBytes: 5001 is above inboundBytesMax \(5000\)/);
  });

  it('are an object', () => {
    for (const options of [null, 5, 'fast', []]) expect(problemsOf(options)).toMatch(/no object of options/);
  });
});
