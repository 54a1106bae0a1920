#include "session/poll_token.h"

#include <gtest/gtest.h>

namespace msgtrans {
namespace {

TEST(PollToken, comes_back_as_it_went) {
  for (const auto kind : {PollToken::kSession, PollToken::kListener, PollToken::kConnect}) {
    for (const uint32_t generation : {0u, 1u, kGenerationMax}) {
      for (const uint32_t index : {0u, 1u, kSlotMask, UINT32_MAX}) {
        const PollToken back = PollToken::from(PollToken{kind, generation, index}.packed());
        EXPECT_EQ(back.kind, kind);
        EXPECT_EQ(back.generation, generation);
        EXPECT_EQ(back.index, index);
      }
    }
  }
}

TEST(PollToken, tells_successive_sessions_of_a_slot_apart) {
  EXPECT_NE((PollToken{PollToken::kSession, 1, 7}.packed()), (PollToken{PollToken::kSession, 2, 7}.packed()));
  EXPECT_NE((PollToken{PollToken::kSession, 0, 7}.packed()), (PollToken{PollToken::kListener, 0, 7}.packed()));
}

TEST(SessionId, keeps_reactor_and_slot_apart_in_one_word) {
  EXPECT_EQ(slot_word(0, 0), 0u);
  EXPECT_EQ(slot_word(1, 0), 1u << 24);
  EXPECT_EQ(slot_word(kReactorsMax - 1, kSlotMask), UINT32_MAX);
}

}  // namespace
}  // namespace msgtrans
