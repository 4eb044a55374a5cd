// Inside of RunningQube, for its .cpp files only: time limits, and how its coroutines are started.
#pragma once

#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>

#include "dom0/core/life/running_qube.h"

namespace bh::dom0 {

inline constexpr std::chrono::seconds kKillLimit{2};
inline constexpr std::chrono::seconds kHelperGrace{1};
inline constexpr std::chrono::seconds kPoweroffCallLimit{10};
inline constexpr std::chrono::seconds kPoweroffPatience{10};  // before the power button backs a request up that was taken
inline constexpr std::chrono::seconds kPressInterval{3};
inline constexpr std::chrono::seconds kMonitorLimit{5};

inline constexpr std::int64_t kSnapshotDay = 24 * 60 * 60;

inline std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

inline Failure<admin::Exception> vm_error(std::string text) { return Failure{admin::Exception{"QubesVMError", std::move(text)}}; }

inline void answer_all(std::vector<LifeCycle::Done>& waiting, Result<void, admin::Exception> const& result) {
  auto const now = std::move(waiting);
  waiting.clear();
  for (auto const& done : now) done(result);
}

template <class Coroutine>
void RunningQube::spawn(Coroutine coroutine) {
  asio::co_spawn(house_.io, std::move(coroutine), [self = shared_from_this()](std::exception_ptr problem) {
    // Nothing below throws on purpose; what does is a bug or no memory, and must not pass in silence.
    if (problem) std::rethrow_exception(problem);
  });
}

}  // namespace bh::dom0
