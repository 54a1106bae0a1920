// Keeps a tier at a size that fits its use: grows it before it is empty, shrinks it when most of it has been idle for
// long, and drains slabs that few slices keep.
//
// Pages of a growth are touched by the warmer's thread; the slices are in service once the owner sees that it is done.
// Without a warmer they serve at once and fault where they are first used.
//
// Thread: the owner of the pool, all calls.
#pragma once

#include <cstdint>
#include <memory>

#include "memory/growth_policy.h"
#include "memory/pool_warmer.h"
#include "memory/slice_guard.h"
#include "memory/slice_tier.h"

namespace msgtrans {

struct TierPlan {
  uint32_t count;     // in service from the start, and never fewer
  uint32_t reserved;  // kept for reading: users may not have them
  uint32_t quiet_windows;
  bool huge_pages;
};

struct TierHistory {
  uint64_t slices_grown = 0;
  uint64_t slices_shrunk = 0;
  uint64_t growths_refused = 0;  // no thread to touch the pages just then, or no memory
  uint64_t slabs_retired = 0;
  uint64_t huge_pages_accepted = 0;  // ranges for which the kernel took the advice
  uint64_t huge_pages_refused = 0;
};

class TierKeeper {
 public:
  TierKeeper(SliceTier& tier, const TierPlan& plan, std::shared_ptr<PoolWarmer> warmer, const SliceGuard& guard);
  TierKeeper(const TierKeeper&) = delete;
  TierKeeper& operator=(const TierKeeper&) = delete;
  ~TierKeeper();

  // A slice was taken, and fewer are free now than ever before in this window.
  void note_low();
  // Puts what the warmer has touched meanwhile in service.
  void poll();
  void end_window();

  [[nodiscard]] bool is_growing() const { return run_.count > 0; }
  [[nodiscard]] const TierHistory& history() const { return history_; }

 private:
  [[nodiscard]] uint32_t low_water() const { return low_water_slices(tier_.in_service(), plan_.reserved); }
  [[nodiscard]] bool is_sparse() const;
  void grow();
  void serve(const SliceRun& run, bool touched);
  void note_huge_pages(bool accepted) { ++(accepted ? history_.huge_pages_accepted : history_.huge_pages_refused); }
  void shrink_if_quiet();

  SliceTier& tier_;
  TierPlan plan_;
  const SliceGuard& guard_;
  GrowthSteps steps_;
  uint32_t quiet_windows_ = 0;
  TierHistory history_;

  std::shared_ptr<PoolWarmer> warmer_;
  WarmJob job_;
  SliceRun run_;  // what `job_` is about; empty: nothing
};

}  // namespace msgtrans
