// WorkerBroker: a process of its own, forked before the daemon is confined, that starts the workers which decide about requests: they run
// the policy's program and qrexec-client, which the daemon itself may not.
#pragma once

#include <functional>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "qrexec/protocol/trigger_codec.h"

namespace bh::qrexec {

class WorkerBroker {
 public:
  // `work` runs in a process for each request; what it returns is that process's exit code. Call it before any thread is started.
  static Result<WorkerBroker> start(std::function<int(TriggerRequest const&)> work);

  // The worker's number. An error: it could not be started, or the broker is gone.
  Result<int> start_worker(TriggerRequest const& request);
  // SIGTERM for a worker whose request nobody waits for any more.
  void stop_worker(int worker);
  // Readable when workers have ended or the broker has.
  [[nodiscard]] UniqueFd const& events() const { return socket_; }
  // Which have ended since. An error: the broker is gone, and without it no request can be decided.
  Result<std::vector<int>> ended();

 private:
  explicit WorkerBroker(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
  std::vector<int> ended_;  // heard of while waiting for an answer
};

}  // namespace bh::qrexec
