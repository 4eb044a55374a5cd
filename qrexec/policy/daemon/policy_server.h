// PolicyServer: the loop of the policy daemon: listens, keeps the calls going, tells the prompt of what is to be told.
#pragma once

#include <list>
#include <optional>
#include <vector>

#include "qrexec/policy/daemon/policy_call.h"

namespace bh::policy {

// GUARD: bounds what all qubes together can make this process hold; qrexec-daemon allows 256 requests a qube.
inline constexpr std::size_t kMaxPolicyCalls = 2048;

class PolicyServer {
 public:
  struct Door {
    UniqueFd listener;  // non-blocking
    QuestionKind kind;
  };
  // `signals`: a descriptor that becomes readable when it is time to end.
  PolicyServer(std::vector<Door> doors, PolicyPlace& place, UniqueFd signals)
      : doors_(std::move(doors)), place_(place), signals_(std::move(signals)) {}

  // Until a signal comes.
  [[nodiscard]] Result<void> run();

 private:
  struct Polled;
  [[nodiscard]] Result<bool> turn();
  void accept_all(Door const& door);
  void tell(NotifyMessage const& message);

  std::vector<Door> doors_;
  PolicyPlace& place_;
  UniqueFd signals_;
  std::list<PolicyCall> calls_;
  std::list<Exchange> notifications_;
};

}  // namespace bh::policy
