#include "memory/dedicated_mappings.h"

#include <gtest/gtest.h>

#include <vector>

namespace msgtrans {
namespace {

SliceId take(DedicatedMappings& mappings, size_t bytes) {
  const SliceId id = mappings.acquire(bytes);
  mappings.check_invariants();
  return id;
}

void give_back(DedicatedMappings& mappings, SliceId id) {
  mappings.entry(id).references = 0;
  mappings.end(id);
  mappings.check_invariants();
}

TEST(DedicatedMappings, charges_pages_and_refuses_beyond_its_budget) {
  DedicatedMappings mappings(3 * 4096, nullptr);
  const SliceId first = take(mappings, 4097);
  ASSERT_NE(first, kNoSlice);
  EXPECT_EQ(mappings.bytes(), 2 * 4096u);
  EXPECT_EQ(take(mappings, 4097), kNoSlice);
  EXPECT_NE(take(mappings, 4096), kNoSlice);
  give_back(mappings, first);
  EXPECT_EQ(mappings.bytes(), 4096u);
  EXPECT_EQ(take(mappings, 8192), first) << "its number is used again";
}

TEST(DedicatedMappings, shares_the_budget_of_the_process_and_charges_it_for_as_long_as_the_bytes_can_be_seen) {
  const auto budget = std::make_shared<ByteBudget>(4 * 4096);
  DedicatedMappings one(1 << 20, budget);
  DedicatedMappings other(1 << 20, budget);
  const SliceId id = take(one, 3 * 4096);
  ASSERT_NE(id, kNoSlice);
  EXPECT_EQ(take(other, 2 * 4096), kNoSlice);
  EXPECT_EQ(other.bytes(), 0u);
  std::shared_ptr<Mapping> seen = one.entry(id).mapping;
  give_back(one, id);
  EXPECT_EQ(one.bytes(), 0u);
  EXPECT_EQ(budget->bytes_used(), 3 * 4096u) << "a view may still reach it";
  EXPECT_EQ(take(other, 2 * 4096), kNoSlice);
  seen.reset();
  EXPECT_EQ(budget->bytes_used(), 0u);
  EXPECT_NE(take(other, 2 * 4096), kNoSlice);
}

TEST(DedicatedMappings, refunds_the_process_after_the_pool_has_ended) {
  const auto budget = std::make_shared<ByteBudget>(1 << 20);
  std::shared_ptr<Mapping> seen;
  {
    DedicatedMappings mappings(1 << 20, budget);
    seen = mappings.entry(mappings.acquire(4096)).mapping;
  }
  EXPECT_EQ(budget->bytes_used(), 4096u);
  seen.reset();
  EXPECT_EQ(budget->bytes_used(), 0u);
}

TEST(DedicatedMappings, leaves_the_budgets_alone_when_the_kernel_refuses) {
  const auto budget = std::make_shared<ByteBudget>(SIZE_MAX);
  DedicatedMappings mappings(SIZE_MAX, budget);
  EXPECT_EQ(take(mappings, size_t{1} << 62), kNoSlice);
  EXPECT_EQ(mappings.bytes(), 0u);
  EXPECT_EQ(budget->bytes_used(), 0u);
}

TEST(DedicatedMappings, never_moves_the_node_of_a_slice) {
  DedicatedMappings mappings(size_t{1} << 40, nullptr);
  const SliceId first = mappings.acquire(1);
  LendingNode<>* const node = &mappings.node(first);
  std::vector<SliceId> ids;
  for (uint32_t i = 0; i < 3 * DedicatedMappings::kChunkEntries; ++i) ids.push_back(mappings.acquire(1));
  EXPECT_EQ(&mappings.node(first), node);
  EXPECT_NE(&mappings.node(ids.back()), node);
  mappings.check_invariants();
}

}  // namespace
}  // namespace msgtrans
