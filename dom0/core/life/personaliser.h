// One run of `bulkhead-personalise host`: it sends a clone its orders, and bulkheadd follows what it says of them.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <array>
#include <functional>
#include <memory>

#include "base/child_process.h"
#include "dom0/core/life/child_plan.h"
#include "dom0/core/life/personalise_progress.h"

namespace bh::dom0 {

class Personaliser : public std::enable_shared_from_this<Personaliser> {
 public:
  // `changed` is called whenever progress() is another.
  static Result<std::shared_ptr<Personaliser>> start(asio::io_context& io, ChildPlan const& plan, std::filesystem::path const& log_file, std::function<void()> changed);
  Personaliser(asio::io_context& io, ChildProcess process, UniqueFd output, std::function<void()> changed);
  Personaliser(Personaliser const&) = delete;
  Personaliser& operator=(Personaliser const&) = delete;
  // A helper that still runs is killed.
  ~Personaliser();
  [[nodiscard]] PersonaliseProgress const& progress() const { return progress_; }

 private:
  void listen();
  ChildProcess process_;
  asio::posix::stream_descriptor output_;
  std::function<void()> changed_;
  PersonaliseProgress progress_;
  std::array<char, 1024> buffer_{};
};

}  // namespace bh::dom0
