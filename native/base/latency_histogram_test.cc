#include "base/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace msgtrans {
namespace {

TEST(LatencyHistogram, is_exact_below_2048_ns) {
  for (uint64_t value = 0; value < 2048; ++value) {
    EXPECT_EQ(LatencyHistogram::highest_value_of_bucket_ns(LatencyHistogram::bucket_of(value)), value);
  }
}

TEST(LatencyHistogram, keeps_three_significant_digits_over_its_range) {
  std::mt19937_64 random(30);
  for (int round = 0; round < 200000; ++round) {
    const uint64_t value = random() >> (28 + random() % 30);
    const uint64_t highest = LatencyHistogram::highest_value_of_bucket_ns(LatencyHistogram::bucket_of(value));
    ASSERT_GE(highest, value);
    ASSERT_LE(static_cast<double>(highest - value), static_cast<double>(value) / 1024) << value;
  }
}

TEST(LatencyHistogram, buckets_follow_one_another_without_gap) {
  for (size_t bucket = 0; bucket + 1 < LatencyHistogram::kBuckets; ++bucket) {
    const uint64_t highest = LatencyHistogram::highest_value_of_bucket_ns(bucket);
    ASSERT_EQ(LatencyHistogram::bucket_of(highest), bucket);
    ASSERT_EQ(LatencyHistogram::bucket_of(highest + 1), bucket + 1);
  }
  EXPECT_EQ(LatencyHistogram::highest_value_of_bucket_ns(LatencyHistogram::kBuckets - 1),
            LatencyHistogram::kValueNsMax);
}

TEST(LatencyHistogram, percentiles_agree_with_sorted_values) {
  std::mt19937_64 random(31);
  std::lognormal_distribution<double> latency(11, 1.5);
  LatencyHistogram histogram;
  std::vector<uint64_t> values;
  for (int sample = 0; sample < 50000; ++sample) {
    values.push_back(static_cast<uint64_t>(latency(random)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(values.size())));
    const uint64_t exact = values[std::max<size_t>(rank, 1) - 1];
    const uint64_t given = histogram.value_at_quantile_ns(quantile);
    EXPECT_GE(given, exact) << quantile;
    EXPECT_LE(static_cast<double>(given), static_cast<double>(exact) * (1 + 1.0 / 1024)) << quantile;
  }
  const double sum = static_cast<double>(std::accumulate(values.begin(), values.end(), uint64_t{0}));
  EXPECT_DOUBLE_EQ(histogram.mean_ns(), sum / static_cast<double>(values.size()));
  EXPECT_EQ(histogram.max_ns(), values.back());
  EXPECT_EQ(histogram.samples(), values.size());
}

TEST(LatencyHistogram, counts_what_is_above_its_range_in_the_last_bucket) {
  LatencyHistogram histogram;
  histogram.record(LatencyHistogram::kValueNsMax * 10);
  EXPECT_EQ(histogram.count_in_bucket(LatencyHistogram::kBuckets - 1), 1u);
  EXPECT_EQ(histogram.max_ns(), LatencyHistogram::kValueNsMax * 10);
  EXPECT_EQ(histogram.value_at_quantile_ns(0.5), LatencyHistogram::kValueNsMax * 10);
}

TEST(LatencyHistogram, is_empty_at_first_and_after_reset) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.value_at_quantile_ns(0.5), 0u);
  EXPECT_EQ(histogram.mean_ns(), 0);
  histogram.record(5000);
  histogram.reset();
  EXPECT_EQ(histogram.samples(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0u);
  EXPECT_EQ(histogram.count_in_bucket(LatencyHistogram::bucket_of(5000)), 0u);
}

TEST(LatencyHistogram, adding_equals_recording_both) {
  LatencyHistogram one;
  LatencyHistogram other;
  LatencyHistogram both;
  for (uint64_t value = 1; value < 1000000; value = value * 3 + 1) {
    (value % 2 == 0 ? one : other).record(value);
    both.record(value);
  }
  one.add(other);
  EXPECT_EQ(one.samples(), both.samples());
  EXPECT_EQ(one.max_ns(), both.max_ns());
  EXPECT_DOUBLE_EQ(one.mean_ns(), both.mean_ns());
  for (size_t bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    ASSERT_EQ(one.count_in_bucket(bucket), both.count_in_bucket(bucket));
  }
}

TEST(LatencyHistogram, subtracting_an_earlier_copy_leaves_what_came_since) {
  std::mt19937_64 random(32);
  LatencyHistogram all;
  LatencyHistogram since;
  for (int sample = 0; sample < 1000; ++sample) all.record(random() >> 34);
  const LatencyHistogram earlier = all;
  for (int sample = 0; sample < 1000; ++sample) {
    const uint64_t value = random() >> 40;
    all.record(value);
    since.record(value);
  }
  all.subtract(earlier);
  EXPECT_EQ(all.samples(), since.samples());
  EXPECT_EQ(all.sum_ns(), since.sum_ns());
  for (size_t bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    ASSERT_EQ(all.count_in_bucket(bucket), since.count_in_bucket(bucket));
  }
  // The longest of all came earlier, so that of the interval is known to its bucket.
  EXPECT_EQ(all.max_ns(),
            LatencyHistogram::highest_value_of_bucket_ns(LatencyHistogram::bucket_of(since.max_ns())));
}

TEST(LatencyHistogram, subtracting_keeps_a_new_longest_latency_exactly) {
  LatencyHistogram histogram;
  histogram.record(1'000'000);
  const LatencyHistogram earlier = histogram;
  histogram.record(1'234'567);
  histogram.subtract(earlier);
  EXPECT_EQ(histogram.max_ns(), 1'234'567u);
  const LatencyHistogram again = histogram;
  histogram.subtract(again);
  EXPECT_EQ(histogram.samples(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0u);
}

// The samples and percentiles of the reference file; its first lines say where they come from.
struct Reference {
  uint32_t seed = 0;
  uint32_t samples = 0;
  struct Row {
    uint32_t half_bits;
    double quantile;
    uint64_t value_ns;
  };
  std::vector<Row> rows;
};

Reference read_reference() {
  std::ifstream file(MSGTRANS_NATIVE_DIR "/base/latency_histogram_reference.txt");
  Reference reference;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "samples") words >> reference.samples >> reference.seed;
    if (kind != "percentile") continue;
    Reference::Row row{};
    words >> row.half_bits >> row.quantile >> row.value_ns;
    reference.rows.push_back(row);
  }
  return reference;
}

// Values of all magnitudes; the same arithmetic makes those of hdr-histogram-js.
template <typename Histogram>
Histogram recorded(const Reference& reference) {
  Histogram histogram;
  uint32_t state = reference.seed;
  const auto draw = [&state] {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
  };
  for (uint32_t sample = 0; sample < reference.samples; ++sample) {
    const uint64_t high = draw();
    const uint64_t low = draw();
    histogram.record((high * 16 + low % 16) >> ((low >> 8) % 33));
  }
  return histogram;
}

TEST(LatencyHistogram, agrees_with_hdr_histogram_js) {
  const Reference reference = read_reference();
  ASSERT_EQ(reference.rows.size(), 18u);
  const auto fine = recorded<LatencyHistogram>(reference);
  const auto coarse = recorded<BasicLatencyHistogram<kReactorLatencyHalfBits>>(reference);
  for (const Reference::Row& row : reference.rows) {
    const uint64_t value = row.half_bits == kFineLatencyHalfBits ? fine.value_at_quantile_ns(row.quantile)
                                                                 : coarse.value_at_quantile_ns(row.quantile);
    EXPECT_EQ(value, row.value_ns) << row.half_bits << " half bits, quantile " << row.quantile;
  }
}

}  // namespace
}  // namespace msgtrans
