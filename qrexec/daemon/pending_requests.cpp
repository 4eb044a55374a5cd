#include "qrexec/daemon/pending_requests.h"

namespace bh::qrexec {

void PendingRequests::add(Ident const& ident, int worker_pid) {
  open_.insert_or_assign(ident, worker_pid);
  workers_.insert_or_assign(worker_pid, ident);
}

std::optional<Ident> PendingRequests::worker_ended(int worker_pid) {
  auto const worker = workers_.find(worker_pid);
  if (worker == workers_.end()) return std::nullopt;
  Ident const ident = worker->second;
  workers_.erase(worker);
  auto const request = open_.find(ident);
  // The ident may be in use again by a newer request.
  if (request == open_.end() || request->second != worker_pid) return std::nullopt;
  open_.erase(request);
  return ident;
}

std::vector<int> PendingRequests::abandon() {
  std::vector<int> deciding;
  for (auto const& [ident, pid] : open_) deciding.push_back(pid);
  open_.clear();
  return deciding;
}

}  // namespace bh::qrexec
