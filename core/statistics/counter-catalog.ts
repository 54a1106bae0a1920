/** What is known of one counter or gauge besides its name. */
export interface Measure {
  /** Name in `/metrics`, without the prefix `msgtrans_` and, for counters, the suffix `_total`. */
  readonly metric: string;
  /** One sentence for `/metrics`. */
  readonly help: string;
  /** What a count is multiplied by for `/metrics`, which has base units. 1 by default. */
  readonly scale?: number;
}

/**
 * Everything a transport counts since it was created, by the name that the engine and `core` report it under. A source
 * that does not report one has counted 0 of it.
 */
export const COUNTERS = {
  messagesReceived: { metric: 'messages_received', help: 'Packets received, of every type.' },
  messagesSent: {
    metric: 'messages_sent',
    help: 'Packets handed to the kernel or to a peer in the process.',
  },
  bytesReceived: { metric: 'received_bytes', help: 'Bytes received, headers included.' },
  bytesSent: { metric: 'sent_bytes', help: 'Bytes sent, headers included.' },
  messagesDiscarded: {
    metric: 'messages_discarded',
    help: 'Packets sent to a session that had ended before they left.',
  },
  messagesDropped: { metric: 'messages_dropped', help: 'Packets dropped by the policy drop-newest.' },
  requestsStarted: { metric: 'requests_started', help: 'Requests made.' },
  requestsAnswered: { metric: 'requests_answered', help: 'Requests that got their response.' },
  requestsTimedOut: {
    metric: 'requests_timed_out',
    help: 'Requests that got no response within their time.',
  },
  requestsFailed: {
    metric: 'requests_failed',
    help: 'Requests that were not sent, or whose session ended before the response came.',
  },
  requestsAborted: { metric: 'requests_aborted', help: 'Requests given up by the signal of their caller.' },
  responsesUnmatched: {
    metric: 'responses_unmatched',
    help: 'Responses that no request waited for: late, doubled or never asked for.',
  },
  sessionsAccepted: { metric: 'sessions_accepted', help: 'Sessions opened by a peer.' },
  sessionsConnected: { metric: 'sessions_connected', help: 'Sessions opened by this side.' },
  sessionsClosed: { metric: 'sessions_closed', help: 'Sessions that ended, for whatever reason.' },
  abnormalCloses: {
    metric: 'sessions_closed_abnormally',
    help: 'Sessions that ended for another reason than an orderly close.',
  },
  acceptsRefused: {
    metric: 'accepts_refused',
    help: 'Connections turned away for want of descriptors or memory.',
  },
  connectsFailed: { metric: 'connects_failed', help: 'Connections that could not be opened.' },
  poolHits: { metric: 'pool_hits', help: 'Buffers that the pool had ready.' },
  poolMisses: { metric: 'pool_misses', help: 'Buffers for which the pool had to map memory.' },
  poolRefused: { metric: 'pool_refused', help: 'Buffers refused because the byte budget was spent.' },
  slicesGrown: { metric: 'pool_slices_grown', help: 'Buffers by which the pool grew.' },
  slicesShrunk: { metric: 'pool_slices_shrunk', help: 'Buffers by which the pool shrank.' },
  growthsRefused: { metric: 'pool_growths_refused', help: 'Times that the pool was not let grow.' },
  slabsRetired: { metric: 'pool_slabs_retired', help: 'Sparse slabs that were set to drain.' },
  foreignReturns: { metric: 'pool_foreign_returns', help: 'Buffers that came back from other threads.' },
  hugePagesAccepted: { metric: 'huge_pages_accepted', help: 'Ranges for which the kernel took the advice.' },
  hugePagesRefused: { metric: 'huge_pages_refused', help: 'Ranges for which the kernel refused the advice.' },
  poisonViolations: {
    metric: 'pool_poison_violations',
    help: 'Buffers that were written to after they had been given back.',
  },
  payloadCopies: {
    metric: 'payload_copies',
    help: 'Payloads or parts of them that the engine copied: heads of large ones, leftovers of writes, for other threads.',
  },
  straddleCopies: {
    metric: 'straddle_copies',
    help: 'Payloads of small packets (up to 2 KB) that two reads brought, and that were put together by a copy.',
  },
  forwardCopies: {
    metric: 'forward_copies',
    help: 'Received payloads that were copied to be passed on: small ones, and those for other threads.',
  },
  retainedCollected: {
    metric: 'retained_messages_collected',
    help: 'Retained messages that were garbage collected before they were released.',
  },
  viewsMovedAway: { metric: 'views_moved_away', help: 'Views that user code had transferred or detached.' },
  socketsHandedOver: {
    metric: 'sockets_handed_over',
    help: 'Accepted sockets that were given to a less loaded reactor.',
  },
  runsLent: { metric: 'runs_lent', help: 'Runs of packets that were sent to other reactors where they lay.' },
  segmentsCopied: {
    metric: 'segments_copied',
    help: 'Segments of an outbound ring that were copied out because every other was still being read.',
  },
  diagnosticsSent: {
    metric: 'diagnostic_events_sent',
    help: 'Diagnostic events told to subscribers, counted once for each of them.',
  },
  diagnosticsReceived: {
    metric: 'diagnostic_events_received',
    help: 'Diagnostic events that their subscriber took.',
  },
  diagnosticsDropped: {
    metric: 'diagnostic_events_dropped',
    help: 'Diagnostic events that their subscriber was too slow for, or left behind.',
  },
  turns: { metric: 'turns', help: 'Turns of the event loops.' },
  deliveries: { metric: 'deliveries', help: 'Calls of the engine into JavaScript.' },
  syscalls: { metric: 'system_calls', help: 'System calls of the engine.' },
  cpuNs: {
    metric: 'reactor_cpu_seconds',
    help: 'CPU time of the threads that the reactors run on; a JavaScript thread counts with all it does.',
    scale: 1e-9,
  },
} satisfies Record<string, Measure>;

/** What is known of one gauge besides its name. */
export interface GaugeMeasure extends Measure {
  /** Whether the transport holds it as a whole, so that there is no such figure by reactor. */
  readonly isShared?: boolean;
  /** Whether that of several reactors is the largest of theirs, since adding them up would mean nothing. */
  readonly isWorst?: boolean;
}

/** What a transport holds at the moment. */
export const GAUGES = {
  sessionsOpen: { metric: 'sessions_open', help: 'Sessions that are open.' },
  requestsPending: { metric: 'requests_pending', help: 'Requests that wait for a response.', isShared: true },
  diagnosticSubscribers: {
    metric: 'diagnostic_subscribers',
    help: 'Subscribers to diagnostic events.',
    isShared: true,
  },
  diagnosticsWaiting: {
    metric: 'diagnostic_events_waiting',
    help: 'Diagnostic events that their subscribers have not taken yet.',
    isShared: true,
  },
  queuedBytes: { metric: 'write_queue_bytes', help: 'Bytes that wait for their sockets to take more.' },
  poolBytes: { metric: 'pool_bytes', help: 'Bytes of the buffer pool, lent or not.' },
  slicesLent: { metric: 'pool_slices_lent', help: 'Buffers of the pool that are in use.' },
  slicesShared: { metric: 'pool_slices_shared', help: 'Buffers in use that other threads hold.' },
  slicesInService: { metric: 'pool_slices_in_service', help: 'Buffers of the pool, lent or free.' },
  slicesRetired: { metric: 'pool_slices_retired', help: 'Buffers in slabs that drain.' },
  slicesReserve: { metric: 'pool_slices_reserve', help: 'Buffers by which the pool may yet grow.' },
  warmBytes: {
    metric: 'pool_warm_bytes',
    help: 'Bytes of the pool in pages that were touched ahead of use.',
  },
  fragmentationPermille: {
    metric: 'pool_fragmentation_ratio',
    help: 'Free bytes in partly used slabs, of all their bytes; of the reactor where it is worst.',
    scale: 1e-3,
    isWorst: true,
  },
  dedicatedBytes: {
    metric: 'pool_dedicated_bytes',
    help: 'Bytes of buffers that no tier of the pool holds.',
  },
  retainedBytes: { metric: 'retained_bytes', help: 'Bytes that retained messages keep from the pool.' },
  allocatedBytes: {
    metric: 'allocated_bytes',
    help: 'Bytes of the buffers that user code has allocated and not given back.',
  },
  outboundRingBytesUsed: {
    metric: 'outbound_ring_used_bytes',
    help: 'Bytes that wait in the outbound rings until they are next taken.',
  },
  outboundRingBytes: {
    metric: 'outbound_ring_bytes',
    help: 'Bytes that the outbound rings hold before they must be taken.',
  },
  deliveryBlocksLent: {
    metric: 'delivery_blocks_lent',
    help: 'Deliveries of reactors on their own threads that JavaScript has not given back yet.',
  },
  deliveryBlocks: {
    metric: 'delivery_blocks',
    help: 'Deliveries that reactors on their own threads can have under way before they stop reading.',
  },
  bytesUnderWay: {
    metric: 'bytes_under_way',
    help: 'Bytes sent to other reactors of the process that have not settled them yet.',
  },
} satisfies Record<string, GaugeMeasure>;

export type CounterName = keyof typeof COUNTERS;
export type GaugeName = keyof typeof GAUGES;
/** Counts since the transport was created. They never go down. */
export type CounterTotals = Readonly<Record<CounterName, number>>;
/** What is there at the moment. */
export type GaugeValues = Readonly<Record<GaugeName, number>>;

export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];
export const GAUGE_NAMES = Object.keys(GAUGES) as readonly GaugeName[];

/** Any subset of the counters and gauges, as a reactor or the transport reports them. */
export type ReportedValues = Readonly<Partial<Record<CounterName | GaugeName, number>>>;

export function noCounts(): Record<CounterName, number> {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<CounterName, number>;
}

/** The gauges among `values`; one that is not reported, or is no number, is 0. */
export function gaugesOf(values: ReportedValues): GaugeValues {
  return Object.fromEntries(GAUGE_NAMES.map((name) => [name, finiteOrZero(values[name])])) as GaugeValues;
}

/** What a whole transport has of it, of what its parts report: the sum, or the worst where a sum would mean nothing. */
export function reportedTogether(reports: readonly ReportedValues[]): ReportedValues {
  const together: Record<string, number> = {};
  for (const [name, value] of reports.flatMap(Object.entries<number>)) {
    const { isWorst = false }: Partial<GaugeMeasure> = GAUGES[name as GaugeName] ?? {};
    const known = together[name] ?? 0;
    together[name] = isWorst ? Math.max(known, finiteOrZero(value)) : known + finiteOrZero(value);
  }
  return together;
}

export function finiteOrZero(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
