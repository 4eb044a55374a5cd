#include "base/background_task.h"

#include <sys/eventfd.h>

#include "base/posix_io.h"

namespace bh {

Result<std::unique_ptr<BackgroundTask>> BackgroundTask::start(Work work) {
  UniqueFd done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!done.open()) return Failure{Error::from_errno("make an event descriptor")};
  std::unique_ptr<BackgroundTask> task(new BackgroundTask(std::move(done)));
  // Started last: until done_ is readable, nobody but the thread touches outcome_.
  task->thread_ = std::jthread([self = task.get(), work = std::move(work)](std::stop_token const& stop) {
    self->outcome_ = work(stop);
    std::uint64_t const one = 1;
    BH_ASSERT(write_all(self->done_, std::as_bytes(std::span(&one, 1))).ok());
  });
  return task;
}

BackgroundTask::~BackgroundTask() = default;

bool BackgroundTask::done() const {
  auto const ready = wait_for(done_, POLLIN, Clock::now());
  return ready.ok() && *ready;
}

Result<std::uint64_t> BackgroundTask::take() {
  thread_.join();
  return std::move(outcome_);
}

}  // namespace bh
