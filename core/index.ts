/**
 * msgtrans: message transport for Node.js with a native engine. This file is the whole public surface.
 */

export type { AdminEndpoint } from './admin/admin-endpoint.js';
export type { AdminOptions } from './admin/admin-options.js';
export type { BroadcastOptions, BroadcastResult } from './broadcast.js';
export type {
  DiagnosticEvent,
  DiagnosticFact,
  DiagnosticSubscription,
  SubscribeOptions,
} from './diagnostics.js';
export type { TransportErrorCode } from './errors.js';
export { TransportError } from './errors.js';
export type { EventQueueCounters, EventQueueOptions } from './event-queue.js';
export { EventQueue } from './event-queue.js';
export type { TransportCounters } from './high-performance-transport.js';
export { HighPerformanceTransport } from './high-performance-transport.js';
export type { LockFreeMapMetrics, LockFreeMapOptions } from './lock-free-map.js';
export { LockFreeMap } from './lock-free-map.js';
export type {
  MapEntryKey,
  MapKey,
  MapKeyColumn,
  MapKeyKind,
  PackedKeys,
  U64,
  U64Column,
} from './map-keys.js';
export { packKeys } from './map-keys.js';
export type { Message } from './message.js';
export type { MessageBatch } from './message-batch.js';
export type { BufferCounts, SlowConsumerPolicy, TransportOptions } from './options.js';
export type { RetainedMessage } from './retained-message.js';
export type { CounterTotals, GaugeValues } from './statistics/counter-catalog.js';
export type { LatencySummary } from './statistics/latency-histogram.js';
export type {
  FlowRates,
  IntervalRates,
  MemoryUse,
  PerformanceSnapshot,
  ReactorSnapshot,
} from './statistics/performance-snapshot.js';
export type { MachineTopology, NumaNode, TopologyProblem } from './topology.js';
export { machineTopology } from './topology.js';
export type * from './transport.js';
