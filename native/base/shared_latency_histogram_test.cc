#include "base/shared_latency_histogram.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "base/latency_histogram.h"

namespace msgtrans {
namespace {

using Plain = BasicLatencyHistogram<kReactorLatencyHalfBits>;
using Shared = ReactorLatencyHistogram;

std::vector<double> copy_of(const Shared& histogram) {
  std::vector<double> copy(Shared::kCopyWords);
  histogram.copy_to(std::span<double, Shared::kCopyWords>(copy));
  return copy;
}

double samples_of(const std::vector<double>& copy) {
  double samples = 0;
  for (size_t bucket = 0; bucket < Shared::Buckets::kCount; ++bucket) samples += copy[bucket];
  return samples;
}

TEST(SharedLatencyHistogram, starts_empty) {
  const auto histogram = std::make_unique<Shared>();
  for (const double word : copy_of(*histogram)) ASSERT_EQ(word, 0);
}

TEST(SharedLatencyHistogram, counts_like_the_plain_one) {
  std::mt19937_64 random(33);
  const auto shared = std::make_unique<Shared>();
  Plain plain;
  for (int sample = 0; sample < 100000; ++sample) {
    const uint64_t value = random() >> (24 + random() % 40);
    shared->record(value);
    plain.record(value);
  }
  const std::vector<double> copy = copy_of(*shared);
  for (size_t bucket = 0; bucket < Plain::kBuckets; ++bucket) {
    ASSERT_EQ(copy[bucket], static_cast<double>(plain.count_in_bucket(bucket))) << bucket;
  }
  EXPECT_EQ(copy[Shared::kCopySum], static_cast<double>(plain.sum_ns()));
  EXPECT_EQ(copy[Shared::kCopyMax], static_cast<double>(plain.max_ns()));
}

TEST(SharedLatencyHistogram, copies_never_go_back_while_the_owner_records) {
  constexpr uint64_t kSamples = 200000;
  const auto histogram = std::make_unique<Shared>();
  std::atomic<int> ready{0};
  std::vector<uint64_t> backward(2);
  std::vector<std::thread> readers;
  for (uint64_t& steps_back : backward) {
    readers.emplace_back([&] {
      std::vector<double> before = copy_of(*histogram);
      // Release: pairs with the acquire load below, so that every reader is at work when the recording begins.
      ready.fetch_add(1, std::memory_order_release);
      while (samples_of(before) < static_cast<double>(kSamples)) {
        std::vector<double> now = copy_of(*histogram);
        for (size_t word = 0; word < Shared::kCopyWords; ++word) steps_back += now[word] < before[word] ? 1 : 0;
        before = std::move(now);
      }
    });
  }
  // Acquire: pairs with the readers' release.
  while (ready.load(std::memory_order_acquire) < 2) std::this_thread::yield();
  std::mt19937_64 random(34);
  for (uint64_t sample = 0; sample < kSamples; ++sample) {
    histogram->record(random() >> 40);
    if (sample % 1024 == 0) std::this_thread::yield();
  }
  for (std::thread& reader : readers) reader.join();
  for (const uint64_t steps_back : backward) EXPECT_EQ(steps_back, 0u);
  EXPECT_EQ(samples_of(copy_of(*histogram)), static_cast<double>(kSamples));
}

TEST(SharedLatencyHistogram, difference_of_two_copies_is_what_was_recorded_between_them) {
  const auto histogram = std::make_unique<Shared>();
  for (uint64_t value = 1; value < 5000; ++value) histogram->record(value);
  const std::vector<double> earlier = copy_of(*histogram);
  for (int sample = 0; sample < 7; ++sample) histogram->record(300);
  const std::vector<double> later = copy_of(*histogram);
  EXPECT_EQ(samples_of(later) - samples_of(earlier), 7);
  EXPECT_EQ(later[Shared::kCopySum] - earlier[Shared::kCopySum], 2100);
  const size_t bucket = Shared::Buckets::bucket_of(300);
  EXPECT_EQ(later[bucket] - earlier[bucket], 7);
}

}  // namespace
}  // namespace msgtrans
