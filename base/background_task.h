// BackgroundTask: one long piece of work in a thread of its own, for owners that wait in an event loop. The work sees nothing of the owner
// but what it was given, and ends with a result.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/error.h"
#include "base/unique_fd.h"

namespace bh {

class BackgroundTask {
 public:
  // What came of it is a number, since nothing else was ever needed: bytes copied.
  using Work = std::function<Result<std::uint64_t>(std::stop_token)>;

  static Result<std::unique_ptr<BackgroundTask>> start(Work work);
  // Asks the work to stop and waits for it: the work looks at its stop token often.
  ~BackgroundTask();

  // Readable once the work is done, and from then on.
  [[nodiscard]] UniqueFd const& pollable() const { return done_; }
  [[nodiscard]] bool done() const;
  // Precondition: done(). Once.
  Result<std::uint64_t> take();

 private:
  explicit BackgroundTask(UniqueFd done) : done_(std::move(done)) {}
  UniqueFd done_;
  Result<std::uint64_t> outcome_{std::uint64_t{0}};
  std::jthread thread_;
};

}  // namespace bh
