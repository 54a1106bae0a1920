import { expect, test } from 'vitest';
import { nativeLayers } from './native-layers.js';
import { findingsIn } from './temporary-tree.js';

test('a layer includes itself and those left of it, and no other', () => {
  const found = findingsIn(nativeLayers, {
    'native/base/clock.h': '',
    'native/io/poller.h': '#include <vector>\n#include "base/clock.h"\n#include "other.h"\n',
    'native/io/other.h': '#include "../session/session.h"\n',
    'native/session/session.h': '#include "io/poller.h"\n',
    'native/memory/pool_test.cc': '#include <gtest/gtest.h>\n\n#include "io/poller.h"\n',
  });
  expect(found).toEqual([
    'native/io/other.h:1 native/io may not include "../session/session.h": allowed are base, sync, memory, topology, io',
    'native/memory/pool_test.cc:3 native/memory may not include "io/poller.h": allowed are base, sync, memory',
  ]);
});

test('headers of Node.js and libuv stay inside the binding', () => {
  const found = findingsIn(nativeLayers, {
    'native/binding/addon.cc':
      '#include <napi.h>\n#include <node_api.h>\n#include <uv.h>\n#include "io/poller.h"\n',
    'native/io/poller.h': '#include <uv.h>\n',
    'native/session/session.h': '#include "napi.h"\n',
  });
  expect(found).toEqual([
    'native/io/poller.h:1 <uv.h> belongs into native/binding/ alone',
    'native/session/session.h:1 write <napi.h>: quotes are for headers of this project',
  ]);
});

test('programs use any layer but the binding, and no layer uses a program', () => {
  const found = findingsIn(nativeLayers, {
    'native/programs/load_generator.cc': '#include "session/session.h"\n#include "binding/addon.h"\n',
    'native/session/session.h': '#include "programs/ledger.h"\n',
    'native/programs/ledger.h': '',
    'native/binding/addon.h': '',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'native/programs/load_generator.cc:2',
    'native/session/session.h:1',
  ]);
});

test("the suites' loops use any layer but the binding, and are used by the one file that hands them on", () => {
  const found = findingsIn(nativeLayers, {
    'native/loops/loop.h': '#include "session/session.h"\n',
    'native/loops/map_loops.cc': '#include "loops/loop.h"\n#include "binding/addon.h"\n#include <napi.h>\n',
    'native/session/session.h': '#include "loops/loop.h"\n',
    'native/binding/addon.h': '#include "loops/loop.h"\n',
    'native/binding/loops_addon.cc': '#include <napi.h>\n#include "loops/loop.h"\n',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'native/binding/addon.h:1',
    'native/loops/map_loops.cc:2',
    'native/loops/map_loops.cc:3',
    'native/session/session.h:1',
  ]);
});

test('the limit server uses none above protocol, not even through another file', () => {
  const found = findingsIn(nativeLayers, {
    'native/programs/limit_server.cc': '#include "protocol/framer.h"\n#include "control.h"\n',
    'native/programs/limit_loop.h': '#include "session/session.h"\n',
    'native/programs/control.h': '#include "session/session.h"\n',
    'native/protocol/framer.h': '',
    'native/session/session.h': '',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'native/programs/limit_loop.h:1',
    'native/programs/limit_server.cc:2',
  ]);
});

test('a folder that is no layer is reported', () => {
  expect(findingsIn(nativeLayers, { 'native/engine/loop.cc': '' })).toHaveLength(1);
});
