// The machine and the placement of reactors as JavaScript sees them: conversion and nothing else. `core/topology.ts`
// types it.
#pragma once

#include <napi.h>

namespace msgtrans {

// Adds `machineTopology()` and `reactorPlacement(workersPerNumaNode, enableNumaOptimization)` to the addon's exports.
void define_topology(Napi::Env env, Napi::Object exports);

}  // namespace msgtrans
