#include "memory/pool_warmer.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <csignal>
#include <pthread.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "memory/mapping.h"

namespace msgtrans {
namespace {

using State = WarmJob::State;

void submit(PoolWarmer& warmer, WarmJob& job) {
  while (!warmer.submit(job)) std::this_thread::yield();
}

State wait_for_end(const WarmJob& job) {
  while (true) {
    // Acquire: pairs with the release store in PoolWarmer::run(); publishes what was written to the pages.
    const State state = job.state.load(std::memory_order_acquire);
    if (state == State::kReady || state == State::kFailed) return state;
    std::this_thread::yield();
  }
}

bool is_resident(const Mapping& mapping) {
  std::vector<unsigned char> pages(mapping.bytes() / 4096);
  if (::mincore(mapping.data(), mapping.bytes(), pages.data()) != 0) return false;
  return std::all_of(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; });
}

TEST(PoolWarmer, touches_every_page_of_its_jobs_in_their_order) {
  PoolWarmer warmer;
  std::vector<Mapping> memory;
  std::vector<WarmJob> jobs(5);
  for (WarmJob& job : jobs) {
    memory.push_back(Mapping::create(1 << 20));
    job.data = memory.back().data();
    job.bytes = memory.back().bytes();
    submit(warmer, job);
  }
  EXPECT_EQ(wait_for_end(jobs.back()), State::kReady);
  for (size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(jobs[i].state.load(std::memory_order_acquire), State::kReady);  // acquire: as in wait_for_end()
    EXPECT_TRUE(is_resident(memory[i]));
  }
}

TEST(PoolWarmer, says_so_when_pages_cannot_be_had) {
  PoolWarmer warmer;
  WarmJob job;
  {
    const Mapping ended = Mapping::create(1 << 20);
    job.data = ended.data();
    job.bytes = ended.bytes();
  }
  job.huge_pages = true;
  submit(warmer, job);
  EXPECT_EQ(wait_for_end(job), State::kFailed);
  EXPECT_FALSE(job.huge_pages_accepted);
}

TEST(PoolWarmer, enters_its_node_before_the_first_job_on_a_thread_that_takes_no_signals) {
  bool entered = false;
  bool blocked = false;
  PoolWarmer warmer([&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
    entered = true;
  });
  const Mapping memory = Mapping::create(4096);
  WarmJob job;
  job.data = memory.data();
  job.bytes = memory.bytes();
  submit(warmer, job);
  ASSERT_EQ(wait_for_end(job), State::kReady);
  EXPECT_TRUE(entered);
  EXPECT_TRUE(blocked);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0) << "the thread that started it is as it was";
}

TEST(PoolWarmer, starts_no_thread_before_it_is_needed_and_ends_without_one) {
  bool entered = false;
  { PoolWarmer warmer([&] { entered = true; }); }
  EXPECT_FALSE(entered);
}

// Owners whose memory ends while its job waits or runs: nothing may touch the memory after withdraw().
TEST(PoolWarmerStress, has_nothing_to_do_with_a_job_once_it_is_withdrawn) {
  PoolWarmer warmer;
  std::vector<std::thread> owners;
  std::atomic<uint32_t> ended[2] = {0, 0};
  for (int owner = 0; owner < 3; ++owner) {
    owners.emplace_back([&warmer, &ended, owner] {
      for (int round = 0; round < 200; ++round) {
        const Mapping memory = Mapping::create(size_t{64} << (round % 8) << 10);
        auto job = std::make_unique<WarmJob>();
        job->data = memory.data();
        job->bytes = memory.bytes();
        if (!warmer.submit(*job)) continue;
        if ((round + owner) % 3 == 0) wait_for_end(*job);
        warmer.withdraw(*job);
        // Acquire: pairs with the release store in PoolWarmer::run(). The job is ours alone again, in an end state.
        const State state = job->state.load(std::memory_order_acquire);
        ASSERT_TRUE(state == State::kIdle || state == State::kReady);
        // Relaxed: read after the join.
        ended[state == State::kReady ? 1 : 0].fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& owner : owners) owner.join();
  EXPECT_GT(ended[1].load(std::memory_order_relaxed), 0u);  // relaxed: all threads are joined
}

}  // namespace
}  // namespace msgtrans
