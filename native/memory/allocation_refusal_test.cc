// What happens to pools when the allocator refuses. This file replaces the scalar forms of `operator new` of the test
// program; session/memory_refusal_test.cc has the array forms. They are not inlined: GCC would take the pair of malloc
// and operator delete for a mistake.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "memory/buffer_pool.h"

namespace {

constexpr uint32_t kNever = UINT32_MAX;
// Allocations of this thread that succeed before one is refused.
thread_local uint32_t allocations_left = kNever;

void* allocate(size_t bytes) noexcept {
  if (allocations_left != kNever && allocations_left-- == 0) {
    allocations_left = kNever;
    return nullptr;
  }
  return std::malloc(bytes > 0 ? bytes : 1);
}

// Refuses the n-th allocation from here, and says whether it came to that.
class Refusal {
 public:
  explicit Refusal(uint32_t n) { allocations_left = n; }
  ~Refusal() { allocations_left = kNever; }
  Refusal(const Refusal&) = delete;
  Refusal& operator=(const Refusal&) = delete;
  [[nodiscard]] static bool happened() { return allocations_left == kNever; }
};

}  // namespace

[[gnu::noinline]] void* operator new(size_t bytes) {
  void* const memory = allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace msgtrans {
namespace {

TEST(AllocationRefusal, makes_a_mapping_of_its_own_a_refusal_wherever_it_strikes) {
  const auto budget = std::make_shared<ByteBudget>(1 << 20);
  uint32_t refused = 0;
  for (uint32_t n = 0;; ++n) {
    BufferPool pool(nullptr, {{0, 0, 0, 0}, 0, 1 << 30}, {nullptr, budget});
    Slice slice;
    bool happened = false;
    {
      const Refusal refusal(n);
      slice = pool.acquire(5000);
      happened = Refusal::happened();
    }
    EXPECT_NE(slice.valid(), happened) << n;
    pool.check_invariants();
    EXPECT_EQ(pool.counters().refused, happened ? 1u : 0u);
    EXPECT_EQ(budget->bytes_used(), pool.counters().dedicated_bytes);
    if (!happened) break;
    ++refused;
    const Slice next = pool.acquire(5000);
    ASSERT_TRUE(next.valid());
    pool.release(next.id);
  }
  EXPECT_GE(refused, 4u) << "mapping, its count, list and table";
}

TEST(AllocationRefusal, cannot_strike_where_slices_are_taken_lent_or_given_back) {
  const BufferPoolOptions options;
  const Mapping memory = Mapping::create(BufferPool::bytes_needed(options));
  BufferPool pool(memory.data(), options);
  std::vector<SliceId> ids(options.tier_counts[0]);
  const Slice own = pool.acquire(3 << 20);
  const Refusal refusal(0);
  for (SliceId& id : ids) id = pool.acquire(1000).id;
  for (const SliceId id : ids) {
    pool.share(id, 1);
    pool.release(id);
  }
  pool.return_from_other_thread(ids.data(), ids.size());
  EXPECT_EQ(pool.drain_returns(), ids.size());
  pool.release(own.id);
  pool.maintain();
  EXPECT_FALSE(Refusal::happened());
}

TEST(AllocationRefusal, leaves_nothing_behind_when_a_pool_cannot_be_made) {
  const BufferPoolOptions options;
  const Mapping memory = Mapping::create(BufferPool::bytes_needed(options));
  for (uint32_t n = 0;; ++n) {
    bool happened = false;
    try {
      const Refusal refusal(n);
      const BufferPool pool(memory.data(), options);
      happened = Refusal::happened();
    } catch (const std::bad_alloc&) {
      continue;
    }
    EXPECT_FALSE(happened) << "a refusal must not go unnoticed";
    EXPECT_GE(n, 2 * kTiers) << "two lists in each tier; the arrays are refused by the other file";
    break;
  }
}

}  // namespace
}  // namespace msgtrans
