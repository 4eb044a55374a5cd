// Requests of a qube that wait for a decision, each worked on by a process of its own.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "qrexec/protocol/names.h"

namespace bh::qrexec {

class PendingRequests {
 public:
  static constexpr std::size_t kLimit = 256;
  [[nodiscard]] bool full() const { return workers_.size() >= kLimit; }
  [[nodiscard]] bool has(Ident const& ident) const { return open_.contains(ident); }

  void add(Ident const& ident, int worker_pid);
  // Marks it answered. False: not open; GUARD: an answer to what nobody asked, or a second one.
  bool answer(Ident const& ident) { return open_.erase(ident) == 1; }
  // The worker ended. Its request, if that is still open: it has to be refused.
  std::optional<Ident> worker_ended(int worker_pid);
  // The qube's agent is gone: no answer can reach anyone. The workers that were still deciding.
  std::vector<int> abandon();

 private:
  std::map<Ident, int> open_;        // to its worker
  std::map<int, Ident> workers_;     // every worker that runs, answered or not
};

}  // namespace bh::qrexec
