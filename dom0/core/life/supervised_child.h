// One helper process of a running qube: started, watched by pidfd, started again with back-off if it ends, stopped with the qube.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>

#include "base/child_process.h"
#include "dom0/core/life/child_plan.h"
#include "dom0/core/life/run_record.h"

namespace bh::dom0 {

class SupervisedChild : public std::enable_shared_from_this<SupervisedChild> {
 public:
  struct Hooks {
    // Called before every start, for instance to refresh a file the helper reads.
    std::function<void()> before_start;
    // The process changed: the record on disk is out of date.
    std::function<void()> changed;
    // The process is gone, wanted or not.
    std::function<void()> ended;
    // Borrowed while a start is under way; may be closed.
    std::function<UniqueFd const&()> window_memory;
  };
  SupervisedChild(asio::io_context& io, std::string qube, ChildPlan plan, std::filesystem::path log_file, Hooks hooks);

  Result<void> start();
  // After a while, and again until it works or stop() is called.
  void start_later();
  // Takes over what an earlier bulkheadd started; false if it is not there any more.
  bool adopt(ProcessRecord const& record);
  // SIGTERM, and no new start. kill_now() if it does not listen.
  void stop();
  void kill_now();
  [[nodiscard]] bool running() const { return process_ && process_->running(); }
  [[nodiscard]] std::string const& role() const { return plan_.role; }
  [[nodiscard]] std::optional<ProcessRecord> record() const;

 private:
  void watch();
  void watch_log();
  void ended();
  asio::io_context& io_;
  std::string qube_;
  ChildPlan plan_;
  std::filesystem::path log_file_;
  Hooks hooks_;
  std::optional<ChildProcess> process_;
  Clock::time_point started_;
  unsigned failures_ = 0;
  bool stopping_ = false;
  asio::steady_timer retry_;
  asio::steady_timer log_turn_;
};

// Starts a plan once, its output going to `log_file`.
Result<ChildProcess> spawn_plan(ChildPlan const& plan, std::filesystem::path const& log_file, UniqueFd const* window_memory);

}  // namespace bh::dom0
