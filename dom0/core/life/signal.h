// Signal: how coroutines of the daemon's one thread wait for something that another of its handlers will bring about. Whoever waits looks
// at its condition again after every wake-up; a wake-up for nothing is allowed.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <vector>

#include "base/posix_io.h"

namespace bh::dom0 {

class Signal {
 public:
  explicit Signal(asio::io_context& io) : io_(io) {}
  void notify() {
    for (auto* const waiter : waiters_) waiter->cancel();
  }
  // Until the next notify(), or the deadline.
  asio::awaitable<void> wait(Deadline deadline) {
    // One timer each: waiters with deadlines of their own must not move each other's.
    asio::steady_timer timer(io_, deadline);
    waiters_.push_back(&timer);
    std::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &timer));
  }
  // Until `condition` holds; false: the deadline came first.
  template <class Condition>
  asio::awaitable<bool> wait_until(Condition condition, Deadline deadline) {
    while (!condition()) {
      if (Clock::now() >= deadline) co_return false;
      co_await wait(deadline);
    }
    co_return true;
  }

 private:
  asio::io_context& io_;
  std::vector<asio::steady_timer*> waiters_;
};

}  // namespace bh::dom0
