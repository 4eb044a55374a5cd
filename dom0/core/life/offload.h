// Work that reads or writes much, done by a worker while the coroutine that wants its result waits and the daemon's thread goes on.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <optional>
#include <type_traits>

namespace bh::dom0 {

// `work` must own, or outlive the call with, everything it uses.
template <class Work>
asio::awaitable<std::invoke_result_t<Work>> offload(asio::thread_pool& workers, Work work) {
  using Answer = std::invoke_result_t<Work>;
  // Asio wants results that can be made empty, which a Result cannot.
  auto const carry = [](Work own) -> asio::awaitable<std::optional<Answer>> { co_return own(); };
  std::optional<Answer> answer = co_await asio::co_spawn(workers, carry(std::move(work)), asio::use_awaitable);
  co_return std::move(*answer);
}

}  // namespace bh::dom0
