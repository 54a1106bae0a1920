#include "programs/load_window.h"

#include <gtest/gtest.h>

#include "programs/open_schedule.h"
#include "programs/request_sender.h"

namespace msgtrans {
namespace {

LoadShape load_of(LoadMode mode) {
  LoadShape load;
  load.mode = mode;
  load.availability_ns = 50;
  return load;
}

struct WindowUnderTest {
  explicit WindowUnderTest(LoadMode mode, uint64_t measure_at_ns = 0)
      : window({"g", 10, 100, measure_at_ns}, load_of(mode), service_time, response_time) {
    group.stamps_per_session = 8;
    group.stamps.resize(8);
  }

  void reply(uint64_t sequence, const SendStamp& stamp, uint64_t now_ns) {
    group.stamp(0, sequence) = stamp;
    window.note_reply(group, 0, sequence, 64, now_ns);
  }

  LatencyHistogram service_time;
  LatencyHistogram response_time;
  SessionGroup group;
  LoadWindow window;
};

TEST(LoadWindow, counts_only_what_arrives_while_measuring) {
  WindowUnderTest under(LoadMode::closed);
  under.reply(1, {1000, 0}, 1001);
  under.window.begin_discarding(1000);
  EXPECT_EQ(under.window.boundary_ns(), 1010u);
  under.reply(2, {1000, 0}, 1005);
  under.window.cross_boundary(1012, {500, 50});
  EXPECT_EQ(under.window.phase(), WindowPhase::measuring);
  EXPECT_EQ(under.window.boundary_ns(), 1112u) << "as long as asked, from the real start";
  under.reply(3, {1002, 0}, 1052);
  under.reply(4, {1060, 0}, 1070);
  under.window.cross_boundary(1115, {800, 90});
  EXPECT_EQ(under.window.phase(), WindowPhase::draining);
  under.reply(5, {1110, 0}, 1120);
  const WindowResult result = under.window.result();
  EXPECT_EQ(result.group, "g");
  EXPECT_EQ(result.start_ns, 1012u);
  EXPECT_EQ(result.end_ns, 1115u);
  EXPECT_EQ(result.operations, 2u);
  EXPECT_EQ(result.bytes, 128u);
  EXPECT_EQ(result.used.server_ns, 300u);
  EXPECT_EQ(result.used.generator_ns, 40u);
  EXPECT_EQ(result.latency.samples, 2u);
  EXPECT_EQ(result.latency.max_ns, 50u);
  EXPECT_EQ(result.latency.mean_ns, 30);
}

TEST(LoadWindow, counts_what_was_meant_for_it_and_answered_in_time) {
  WindowUnderTest under(LoadMode::open);
  under.group.sessions.resize(1);
  under.window.begin_discarding(1000);
  for (const uint64_t intended_ns : {1009u, 1010u, 1020u, 1030u, 1109u, 1110u}) {
    under.window.note_request(intended_ns);
  }
  under.reply(1, {1009, 1009}, 1011);
  under.reply(2, {1010, 1010}, 1060);
  under.reply(3, {1020, 1020}, 1071);  // Too late by 1 ns.
  under.group.sessions[0].progress.answered = 3;
  under.group.sessions[0].progress.sent = 6;
  under.group.stamp(0, 4) = {1030, 1030};
  under.group.stamp(0, 5) = {1109, 1109};
  under.group.stamp(0, 6) = {1110, 1110};
  EXPECT_EQ(under.window.result().intended, 4u);
  under.window.note_cut(under.group, 0);
  EXPECT_EQ(under.window.result().intended, 2u) << "of the session that was cut nothing is expected";
  EXPECT_EQ(under.window.result().answered_in_time, 1u);
}

TEST(LoadWindow, counts_the_frames_of_its_ticks_and_those_on_time) {
  LoadShape load;
  load.mode = LoadMode::tick;
  load.tick_hz = 1e9 / 50;
  load.frame_bytes = 128;
  LatencyHistogram service_time;
  LatencyHistogram response_time;
  LoadWindow window({"g", 10, 100, 0}, load, service_time, response_time);
  window.begin_discarding(1000);
  window.note_frame({1009, 1, 0}, 1009);  // Of a tick before it.
  window.cross_boundary(1010, {});
  EXPECT_EQ(window.boundary_ns(), 1110u);
  window.note_frame({1010, 2, 0}, 1060);
  window.note_frame({1020, 3, 0}, 1071);  // Late by 1 ns.
  window.note_frame({1030, 3, 0}, 1029);
  window.cross_boundary(1110, {});
  window.note_frame({1109, 4, 0}, 1130);
  window.note_frame({1110, 5, 0}, 1130);  // Of a tick after it.
  const WindowResult result = window.result();
  EXPECT_EQ(result.frames, 4u);
  EXPECT_EQ(result.frames_on_time, 3u);
  EXPECT_EQ(result.operations, 3u) << "what arrived while measuring";
  EXPECT_EQ(result.bytes, 3u * 128);
  EXPECT_EQ(result.latency.samples, 4u);
  EXPECT_EQ(result.latency.max_ns, 51u);
}

TEST(LoadWindow, measures_no_earlier_than_it_is_told) {
  WindowUnderTest under(LoadMode::closed, 5000);
  under.window.begin_discarding(1000);
  EXPECT_EQ(under.window.boundary_ns(), 5000u);
  WindowUnderTest late(LoadMode::closed, 1005);
  late.window.begin_discarding(1000);
  EXPECT_EQ(late.window.boundary_ns(), 1010u) << "what is discarded is discarded in any case";
}

TEST(LoadWindow, counts_between_its_appointed_boundaries_however_late_it_gets_the_processor) {
  WindowUnderTest under(LoadMode::closed, 5000);
  under.window.begin_discarding(4000);
  under.window.cross_boundary(5030, {500, 50});
  EXPECT_EQ(under.window.boundary_ns(), 5100u) << "from the appointment, not from when it was noticed";
  under.reply(1, {4990, 0}, 5030);
  under.reply(2, {4990, 0}, 5099);
  under.window.cross_boundary(5230, {900, 90});
  under.reply(3, {4990, 0}, 5230);
  const WindowResult result = under.window.result();
  EXPECT_EQ(result.ready_ns, 4010u);
  EXPECT_EQ(result.start_ns, 5000u);
  EXPECT_EQ(result.end_ns, 5100u);
  EXPECT_EQ(result.operations, 2u);
  EXPECT_EQ(result.used.server_ns, 200u) << "400 in the 200 ns between the boundaries as noticed";
  EXPECT_EQ(result.used.generator_ns, 20u);
}

TEST(LoadWindow, counts_nothing_of_an_appointment_that_it_slept_through) {
  WindowUnderTest under(LoadMode::closed, 5000);
  under.window.begin_discarding(4000);
  under.window.cross_boundary(5100, {500, 50});
  EXPECT_EQ(under.window.phase(), WindowPhase::draining);
  under.reply(1, {4990, 0}, 5100);
  const WindowResult result = under.window.result();
  EXPECT_EQ(result.start_ns, 5000u);
  EXPECT_EQ(result.end_ns, 5100u);
  EXPECT_EQ(result.operations, 0u);
  EXPECT_EQ(result.used.server_ns, 0u);
}

TEST(LoadWindow, says_when_it_was_ready_for_an_appointment_that_it_missed) {
  WindowUnderTest under(LoadMode::closed, 1005);
  under.window.begin_discarding(1000);
  under.window.cross_boundary(1011, {});
  EXPECT_EQ(under.window.result().ready_ns, 1010u);
  EXPECT_EQ(under.window.result().start_ns, 1010u);
  WindowUnderTest without(LoadMode::closed);
  without.window.begin_discarding(1000);
  EXPECT_EQ(without.window.result().ready_ns, 0u);
}

TEST(LoadWindow, open_loop_latency_counts_from_the_intended_time_even_when_the_reply_is_late) {
  WindowUnderTest under(LoadMode::open);
  under.window.begin_discarding(1000);
  under.reply(1, {1001, 1000}, 1005);  // Meant to leave before measuring.
  under.window.cross_boundary(1010, {});
  EXPECT_EQ(under.window.boundary_ns(), 1110u);
  under.reply(2, {1030, 1020}, 1040);
  under.window.cross_boundary(1110, {});
  under.reply(3, {1500, 1100}, 1600);  // Meant to leave while measuring, sent and answered long after.
  under.reply(4, {1500, 1110}, 1600);  // Not of this window.
  const WindowResult result = under.window.result();
  EXPECT_EQ(result.operations, 1u) << "completed within the window";
  EXPECT_EQ(result.latency.samples, 2u);
  EXPECT_EQ(result.latency.max_ns, 500u);
  EXPECT_EQ(under.service_time.max_ns(), 100u);
}

TEST(LoadWindow, times_only_sampled_requests) {
  WindowUnderTest under(LoadMode::closed);
  under.group.sample_shift = 6;
  under.window.begin_discarding(0);
  under.window.cross_boundary(10, {});
  for (uint64_t sequence = 1; sequence <= 640; ++sequence)
    under.window.note_reply(under.group, 0, sequence, 64, 20);
  EXPECT_EQ(under.window.result().operations, 640u);
  EXPECT_EQ(under.window.result().latency.samples, 10u);
}

TEST(RequestSender, times_every_request_of_a_shallow_loop_and_one_in_64_of_a_deep_one) {
  SessionGroup group;
  group.sessions.resize(3);
  RequestSender sender;
  LoadShape load;
  load.depth = 15;
  sender.prepare(group, load, 15);
  EXPECT_EQ(group.sample_shift, 0u);
  EXPECT_GE(group.stamps_per_session, 16u);
  load.depth = 16;
  sender.prepare(group, load, 16);
  EXPECT_EQ(group.sample_shift, 6u);
  load.mode = LoadMode::open;
  sender.prepare(group, load, 256);
  EXPECT_EQ(group.sample_shift, 0u);
}

TEST(OpenSchedule, keeps_the_rate_without_drift) {
  OpenSchedule schedule(1'000'000, 3'000'000);  // A period of 333.3 ns.
  EXPECT_EQ(schedule.next_ns(), 1'000'000u);
  for (int count = 0; count < 3'000'000; ++count) schedule.advance();
  EXPECT_EQ(schedule.next_ns(), 1'001'000'000u);
}

TEST(LoadWindow, measures_a_job_from_its_first_request_to_its_last_reply) {
  LatencyHistogram service_time;
  LatencyHistogram response_time;
  LoadWindow window({"g", 0, 1000, 0, 3}, load_of(LoadMode::closed), service_time, response_time);
  SessionGroup group;
  group.stamps_per_session = 8;
  group.stamps.resize(8);
  window.begin_job(500, {70, 7});
  EXPECT_EQ(window.phase(), WindowPhase::measuring);
  EXPECT_EQ(window.boundary_ns(), 1500u) << "its bound";
  window.note_reply(group, 0, 1, 64, 510);
  window.note_reply(group, 0, 2, 64, 520);
  window.end_job(530, {90, 9});
  window.end_job(540, {99, 99});
  EXPECT_EQ(window.phase(), WindowPhase::draining);
  const WindowResult result = window.result();
  EXPECT_EQ(result.start_ns, 500u);
  EXPECT_EQ(result.end_ns, 530u);
  EXPECT_EQ(result.operations, 2u);
  EXPECT_EQ(result.used.server_ns, 20u);
}

}  // namespace
}  // namespace msgtrans
