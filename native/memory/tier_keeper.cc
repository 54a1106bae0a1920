#include "memory/tier_keeper.h"

#include <algorithm>
#include <utility>

#include "memory/page_advice.h"

namespace msgtrans {

TierKeeper::TierKeeper(SliceTier& tier, const TierPlan& plan, std::shared_ptr<PoolWarmer> warmer,
                       const SliceGuard& guard)
    : tier_(tier), plan_(plan), guard_(guard), warmer_(std::move(warmer)) {
  const SliceRun run = tier_.next_reserve(plan.count);
  MSGTRANS_ASSERT(run.count == plan.count);
  // Whole huge pages only: a tier of a few slices should not take two megabytes.
  const ByteRange bytes = tier_.range(run);
  const size_t huge_bytes = bytes.bytes / kHugePageBytes * kHugePageBytes;
  if (plan.huge_pages && huge_bytes > 0) note_huge_pages(advise_huge_pages(bytes.data, huge_bytes));
  serve(run, false);
  tier_.note_free_count();
}

TierKeeper::~TierKeeper() {
  if (is_growing()) warmer_->withdraw(job_);
}

void TierKeeper::serve(const SliceRun& run, bool touched) {
  if (run.count == 0) return;
  const ByteRange bytes = tier_.range(run);
  if (guard_.active()) {
    SliceGuard::allow(bytes.data, bytes.bytes);  // it may have served before
    guard_.mark_free(bytes.data, bytes.bytes);
  }
  tier_.put_in_service(run, touched);
}

void TierKeeper::note_low() {
  tier_.note_free_count();
  if (tier_.free_count() < low_water()) grow();
}

void TierKeeper::grow() {
  if (is_growing()) return poll();
  if (tier_.recall_retired() > 0) return;
  const uint32_t target = steps_.next_count(tier_.in_service(), tier_.count_max());
  const SliceRun run = tier_.next_reserve(target - tier_.in_service());
  if (run.count == 0) return;
  const ByteRange bytes = tier_.range(run);
  const bool huge_pages = plan_.huge_pages && bytes.bytes >= kHugePageBytes;
  if (warmer_ == nullptr) {
    if (huge_pages) note_huge_pages(advise_huge_pages(bytes.data, bytes.bytes));
    serve(run, false);
    steps_.grew();
    history_.slices_grown += run.count;
    return;
  }
  job_.data = bytes.data;
  job_.bytes = bytes.bytes;
  job_.huge_pages = huge_pages;
  if (warmer_->submit(job_)) {
    run_ = run;
  } else {
    ++history_.growths_refused;
  }
}

void TierKeeper::poll() {
  if (!is_growing()) return;
  // Acquire: pairs with the release store at the end of PoolWarmer::run(); publishes its answer and its writes.
  const WarmJob::State state = job_.state.load(std::memory_order_acquire);
  if (state != WarmJob::State::kReady && state != WarmJob::State::kFailed) return;
  const SliceRun run = std::exchange(run_, {});
  if (job_.huge_pages) note_huge_pages(job_.huge_pages_accepted);
  if (state == WarmJob::State::kFailed) {
    ++history_.growths_refused;
    return;
  }
  serve(run, true);
  steps_.grew();
  history_.slices_grown += run.count;
}

bool TierKeeper::is_sparse() const {
  uint64_t free = 0;
  uint64_t all = 0;
  for (const Slab& slab : tier_.slabs()) {
    if (!slab.partly_used()) continue;
    free += slab.free_count;
    all += slab.in_service;
  }
  return free * 1000 > all * kFragmentationPermilleMax;
}

void TierKeeper::shrink_if_quiet() {
  const bool above_plan = tier_.in_service() > plan_.count;
  // The most that were lent at once in this window.
  const uint32_t used = tier_.in_service() - std::min(tier_.free_count_noted(), tier_.free_count());
  quiet_windows_ = above_plan && is_quiet(used, tier_.in_service()) ? quiet_windows_ + 1 : 0;
  if (quiet_windows_ >= plan_.quiet_windows) {
    // One slab a window: giving pages back takes the kernel a while.
    const uint32_t count = tier_.shrink(plan_.count);
    history_.slices_shrunk += count;
    if (count > 0) return steps_.shrank();
  }
  // One at a time, and only what is not needed to stay clear of growing again.
  if (!above_plan || tier_.retired_slices() > 0 || !is_sparse()) return;
  const uint32_t burst = tier_.free_count() - std::min(tier_.free_count_noted(), tier_.free_count());
  if (tier_.retire_sparsest(plan_.count, 2 * low_water() + burst)) ++history_.slabs_retired;
}

void TierKeeper::end_window() {
  poll();
  history_.slices_shrunk += tier_.give_back_drained();
  // What the warmer touches is not to be given back meanwhile.
  if (!is_growing()) shrink_if_quiet();
  tier_.note_free_count();
}

}  // namespace msgtrans
