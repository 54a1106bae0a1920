#include "programs/frame_ledger.h"

#include <gtest/gtest.h>

#include <array>

namespace msgtrans {
namespace {

constexpr uint32_t kBytes = 128;

struct PlayersUnderTest {
  explicit PlayersUnderTest(size_t players) : sessions(players) {
    write_filler(payload.data(), kFrameFillerOffset, kBytes);
  }

  bool send(size_t player, uint32_t tick, uint32_t group = 0) {
    write_frame(payload.data(), {1000 + tick, tick, group});
    return ledger.accept(sessions[player], payload.data(), kBytes, kBytes, frame);
  }

  void close(uint32_t group_size = 50) { ledger.close_window(sessions, group_size); }
  const LedgerTotals& totals() const { return ledger.totals(); }

  std::array<uint8_t, kBytes> payload{};
  std::vector<FrameProgress> sessions;
  FrameLedger ledger;
  FrameContent frame;
};

TEST(FrameLedger, is_spotless_when_every_player_gets_every_tick_in_order) {
  PlayersUnderTest under(2);
  for (uint32_t window = 0; window < 2; ++window) {
    for (uint32_t tick = 1; tick <= 70; ++tick) {
      EXPECT_TRUE(under.send(0, window * 70 + tick, 3));
      EXPECT_EQ(under.frame.intended_ns, 1000u + window * 70 + tick);
      EXPECT_TRUE(under.send(1, window * 70 + tick, 4));
    }
    under.close();
  }
  EXPECT_EQ(under.totals().sent, 280u);
  EXPECT_EQ(under.totals().delivered, 280u);
  EXPECT_EQ(under.totals().duplicated + under.totals().reordered + under.totals().corrupted, 0u);
}

TEST(FrameLedger, misses_ticks_at_the_beginning_in_the_middle_and_at_the_end) {
  PlayersUnderTest under(4);
  for (uint32_t tick = 1; tick <= 9; ++tick) {
    under.send(0, tick);
    if (tick > 2) under.send(1, tick);
    if (tick != 5) under.send(2, tick);
    if (tick < 9) under.send(3, tick);
  }
  under.close();
  EXPECT_EQ(under.totals().lost(), 4u);
}

TEST(FrameLedger, misses_all_frames_of_a_player_that_gets_none) {
  PlayersUnderTest under(2);
  under.send(0, 1);
  under.send(0, 2);
  under.close();
  EXPECT_EQ(under.totals().lost(), 2u);
}

TEST(FrameLedger, tells_a_late_tick_from_one_that_comes_twice) {
  PlayersUnderTest under(1);
  for (const uint32_t tick : {1u, 3u, 2u, 3u, 4u}) under.send(0, tick);
  under.close();
  EXPECT_EQ(under.totals().reordered, 1u);
  EXPECT_EQ(under.totals().duplicated, 1u);
  EXPECT_EQ(under.totals().lost(), 0u);
}

TEST(FrameLedger, finds_frames_of_another_group_or_length_and_damaged_filler) {
  PlayersUnderTest under(1);
  under.send(0, 1, 7);
  under.send(0, 2, 8);
  EXPECT_EQ(under.totals().corrupted, 1u);
  EXPECT_FALSE(under.ledger.accept(under.sessions[0], under.payload.data(), kBytes - 1, kBytes, under.frame));
  EXPECT_FALSE(under.ledger.accept(under.sessions[0], under.payload.data(), 8, 8, under.frame));
  EXPECT_EQ(under.totals().corrupted, 3u);
  under.payload[100] ^= 1;
  under.send(0, 63, 7);
  EXPECT_EQ(under.totals().corrupted, 3u) << "the filler of one tick in 64 is read";
  under.send(0, 64, 7);
  EXPECT_EQ(under.totals().corrupted, 4u);
  under.send(0, 0, 7);
  EXPECT_EQ(under.totals().corrupted, 5u) << "there is no tick 0";
}

TEST(FrameLedger, expects_nothing_of_a_window_that_failed) {
  PlayersUnderTest under(2);
  under.send(0, 1);
  under.close();
  under.send(0, 2);
  under.send(0, 4);
  under.ledger.abandon_window(under.sessions);
  EXPECT_EQ(under.totals().lost(), 1u) << "what the window before it lost stays lost";
  EXPECT_EQ(under.totals().delivered, 3u);
  under.send(0, 9);
  under.send(1, 9);
  under.close();
  EXPECT_EQ(under.totals().lost(), 1u);
}

TEST(FrameLedger, finds_a_group_with_too_many_members) {
  PlayersUnderTest under(3);
  for (size_t player = 0; player < 3; ++player) under.send(player, 1, 9);
  under.close(2);
  EXPECT_EQ(under.totals().corrupted, 1u);
}

}  // namespace
}  // namespace msgtrans
