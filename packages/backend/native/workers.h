// Work on all cores, in parts whose number does not depend on how many cores there are.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace scratch {

class Workers {
 public:
  static Workers& all() {
    static auto* workers = new Workers(); // never destroyed: its threads outlive main()
    return *workers;
  }

  // Calls body(0) … body(count - 1), in any order, on all cores; returns when all calls have.
  void run(int64_t count, const std::function<void(int64_t)>& body) {
    Job job{body, count};
    std::unique_lock<std::mutex> lock(mutex_);
    if (count > 1 && !threads_.empty()) {
      jobs_.push_back(&job);
      wake_.notify_all();
    }
    work(job, lock);
    jobs_.remove(&job);
    done_.wait(lock, [&] { return job.active == 0; });
  }

 private:
  struct Job {
    const std::function<void(int64_t)>& body;
    const int64_t count;
    int64_t next = 0;
    int active = 0;
  };

  Workers() {
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); i++) threads_.emplace_back([this] { serve(); });
    for (auto& thread : threads_) thread.detach();
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      Job& job = *jobs_.front();
      work(job, lock);
      jobs_.remove(&job);
      done_.notify_all();
    }
  }

  static void work(Job& job, std::unique_lock<std::mutex>& lock) {
    job.active++;
    while (job.next < job.count) {
      const int64_t index = job.next++;
      lock.unlock();
      job.body(index);
      lock.lock();
    }
    job.active--;
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::list<Job*> jobs_;
  std::vector<std::thread> threads_;
};

// Calls body(begin, end) for parts of 0 … n - 1 of about `grain`. The parts depend on n and grain alone.
template <class Body>
void inParts(int64_t n, int64_t grain, Body body) {
  const int64_t parts = std::max<int64_t>(1, (n + grain - 1) / grain);
  Workers::all().run(parts, [&](int64_t part) { body(part * grain, std::min(n, (part + 1) * grain)); });
}

// Elements that a part should have at least.
constexpr int64_t kGrain = 1 << 15;

inline int64_t rowsOfPart(int64_t columns) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, columns));
}

} // namespace scratch
