#include "proofs/linearizability/checker.h"

#include <gtest/gtest.h>

#include "proofs/linearizability/models.h"

namespace msgtrans::proofs {
namespace {

Operation get(bool done, uint64_t result, uint64_t called, uint64_t returned) {
  return {.action = Action::kGet, .done = done, .result = result, .called = called, .returned = returned};
}
Operation set(uint64_t value, bool done, uint64_t result, uint64_t called, uint64_t returned) {
  Operation operation = get(done, result, called, returned);
  operation.action = Action::kSet;
  operation.value = value;
  return operation;
}
Operation push(uint64_t value, uint64_t called, uint64_t returned) {
  return {.action = Action::kPush, .value = value, .done = true, .called = called, .returned = returned};
}
Operation pop(bool done, uint64_t result, uint64_t called, uint64_t returned) {
  return {.action = Action::kPop, .done = done, .result = result, .called = called, .returned = returned};
}

bool key_holds(const std::vector<Operation>& operations) { return Checker<KeyModel>::is_linearizable(operations); }
bool queue_holds(std::vector<Operation> operations) {
  mark_overlaps(operations);
  return Checker<QueueModel<2, true>>::is_linearizable(operations);
}

TEST(Checker, takes_what_one_thread_may_see) {
  EXPECT_TRUE(key_holds({}));
  EXPECT_TRUE(key_holds({get(false, 0, 1, 2), set(5, false, 0, 3, 4), get(true, 5, 5, 6)}));
  EXPECT_TRUE(
      queue_holds({push(1, 1, 2), push(2, 3, 4), pop(true, 1, 5, 6), pop(true, 2, 7, 8), pop(false, 0, 9, 10)}));
}

TEST(Checker, refuses_a_read_of_what_was_replaced_before_it_began) {
  EXPECT_FALSE(key_holds({set(5, false, 0, 1, 2), set(6, true, 5, 3, 4), get(true, 5, 5, 6)}));
}

TEST(Checker, takes_either_order_of_operations_that_overlap) {
  EXPECT_TRUE(key_holds({set(5, false, 0, 1, 2), set(6, true, 5, 3, 6), get(true, 5, 4, 5)}));
  EXPECT_TRUE(key_holds({set(5, false, 0, 1, 2), set(6, true, 5, 3, 6), get(true, 6, 4, 5)}));
}

// Each read is fine by itself; together they go back in time.
TEST(Checker, refuses_reads_that_go_back_in_time) {
  EXPECT_FALSE(
      key_holds({set(5, false, 0, 1, 2), set(6, true, 5, 3, 10), get(true, 6, 4, 5), get(true, 5, 6, 7)}));
  EXPECT_TRUE(key_holds({set(5, false, 0, 1, 2), set(6, true, 5, 3, 10), get(true, 5, 4, 5), get(true, 6, 6, 7)}));
}

TEST(Checker, refuses_a_queue_that_gives_one_element_twice_or_out_of_order) {
  EXPECT_FALSE(queue_holds({push(1, 1, 2), pop(true, 1, 3, 6), pop(true, 1, 4, 5)}));
  EXPECT_FALSE(queue_holds({push(1, 1, 2), push(2, 3, 4), pop(true, 2, 5, 6)}));
  EXPECT_TRUE(queue_holds({push(1, 1, 4), push(2, 2, 3), pop(true, 2, 5, 6)}));
}

TEST(Checker, refuses_empty_and_full_where_they_are_not) {
  EXPECT_FALSE(queue_holds({push(1, 1, 2), pop(false, 0, 3, 4)}));
  EXPECT_TRUE(queue_holds({push(1, 1, 4), pop(false, 0, 2, 3)}));
  Operation refused = push(2, 3, 4);
  refused.done = false;
  EXPECT_FALSE(queue_holds({push(1, 1, 2), refused}));
}

TEST(Overlaps, counts_each_operation_that_another_was_under_way_with) {
  std::vector<Operation> operations = {get(false, 0, 1, 4), get(false, 0, 2, 3), get(false, 0, 5, 6)};
  EXPECT_EQ(mark_overlaps(operations), 2u);
  EXPECT_FALSE(operations[2].overlapped);
}

}  // namespace
}  // namespace msgtrans::proofs
