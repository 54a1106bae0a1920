// Mappings of their own: what no tier holds, or what the fitting tier had no slice left for. Charged to the byte budget
// of the pool and to that of the process. The memory of one is never used again: JavaScript may see it for as long as
// it keeps a view, and the process's budget is charged for exactly as long.
//
// Thread: the owner's, except node(), which any holder of a lent slice may call: entries never move, and the one of a
// slice was there before the slice was handed over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/byte_budget.h"
#include "memory/mapping.h"
#include "memory/return_stack.h"
#include "memory/slice.h"

namespace msgtrans {

class DedicatedMappings {
 public:
  struct Entry {
    std::shared_ptr<Mapping> mapping;  // null: free
    uint32_t references = 0;
    uint32_t filled = 0;
    LendingNode<> node;
  };

  // About as many as the kernel allows a process (vm.max_map_count); a bound so that the table need not move.
  static constexpr uint32_t kChunkEntries = 256;
  static constexpr uint32_t kChunks = 256;

  DedicatedMappings(size_t bytes_max, std::shared_ptr<ByteBudget> process_budget)
      : bytes_max_(bytes_max), process_budget_(std::move(process_budget)) {}

  // kNoSlice when a budget, the table, the kernel or the allocator refuses.
  SliceId acquire(size_t bytes);
  void end(SliceId id);

  [[nodiscard]] Entry& entry(SliceId id) {
    const uint32_t index = id & ~kDedicatedBit;
    MSGTRANS_ASSERT(index < made_);
    return (*chunks_[index / kChunkEntries])[index % kChunkEntries];
  }
  [[nodiscard]] const Entry& entry(SliceId id) const { return const_cast<DedicatedMappings*>(this)->entry(id); }
  // Any thread that holds the slice. Touches no more than the pointer and the node.
  [[nodiscard]] LendingNode<>& node(SliceId id) const {
    const uint32_t index = id & ~kDedicatedBit;
    return (*chunks_[index / kChunkEntries])[index % kChunkEntries].node;
  }

  [[nodiscard]] size_t bytes() const { return bytes_; }
  [[nodiscard]] uint32_t count() const { return made_ - static_cast<uint32_t>(free_.size()); }
  void check_invariants() const;

 private:
  using Chunk = std::array<Entry, kChunkEntries>;

  // Both throw std::bad_alloc.
  [[nodiscard]] std::shared_ptr<Mapping> map(size_t bytes) const;
  [[nodiscard]] uint32_t take_index();

  std::array<std::unique_ptr<Chunk>, kChunks> chunks_;
  std::vector<uint32_t> free_;
  uint32_t made_ = 0;  // entries that were ever used
  size_t bytes_ = 0;
  size_t bytes_max_;
  std::shared_ptr<ByteBudget> process_budget_;
};

}  // namespace msgtrans
