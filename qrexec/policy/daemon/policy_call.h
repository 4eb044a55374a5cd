// PolicyCall: one question on its way to its answer. Steps: read it, learn what qubes there are, decide, perhaps ask a person and look
// at the world again, answer. Never waits; the loop tells it when something happened.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "qrexec/policy/daemon/exchange.h"
#include "qrexec/policy/daemon/policy_cache.h"
#include "qrexec/policy/daemon/prompt_protocol.h"
#include "qrexec/policy/daemon/question.h"
#include "qrexec/policy/decide.h"

namespace bh::policy {

// What all calls share.
struct PolicyPlace {
  std::filesystem::path admin_socket;
  std::filesystem::path prompt_socket;
  PolicyCache& policy;
  // The reply that was parsed last, and what it says: qubes change seldom, calls come often.
  std::string last_reply;
  std::shared_ptr<SystemInfo const> last_info;
};

enum class QuestionKind { decision, eval_simple, eval_gui };

class PolicyCall {
 public:
  PolicyCall(UniqueFd peer, QuestionKind kind, PolicyPlace& place);

  struct Watch {
    UniqueFd const* fd;
    short events;
  };
  // What to poll for. The first is always the peer's, for its hang-up if for nothing else.
  [[nodiscard]] std::vector<Watch> watches() const;
  [[nodiscard]] Deadline deadline() const { return deadline_; }
  // Something happened, or the deadline passed. False: it is over.
  [[nodiscard]] bool go_on(bool peer_left);
  // To be told to the user's session once the call is over.
  [[nodiscard]] std::optional<NotifyMessage> notification() const { return notification_; }

 private:
  struct Reading {
    std::string text;
  };
  struct LearningQubes {
    Exchange exchange;
  };
  struct WaitingForPolicy {};  // somebody writes a file of it
  struct Asking {
    Exchange exchange;
    Decision asked;
  };
  struct LookingAgain {  // a person said yes to this target; meanwhile the world may have changed
    Exchange exchange;
    Decision asked;
    std::string target;
  };
  struct Answering {
    std::string text;
    std::size_t sent = 0;
  };
  struct Over {};
  using State = std::variant<Reading, LearningQubes, WaitingForPolicy, Asking, LookingAgain, Answering, Over>;

  // One step; false: nothing more can be done now.
  bool step();
  bool read_question(Reading& reading);
  void take_question(Question question);
  void learn_qubes();
  bool learn(LearningQubes& learning);
  void decide_now();
  void take_decision(Decision decision);
  void ask(Decision decision);
  bool hear(Asking& asking);
  bool look_again(LookingAgain& looking);
  void finish(Decision const& decision, std::string_view how);
  bool answer(Answering& answering);
  [[nodiscard]] Result<std::shared_ptr<SystemInfo const>, std::string> parsed(std::string reply);
  [[nodiscard]] bool may_speak_for_gui() const;
  void give_up(std::string const& why);

  UniqueFd peer_;
  QuestionKind kind_;
  PolicyPlace& place_;
  Deadline deadline_;
  State state_;
  std::optional<Question> question_;
  std::optional<Request> request_;
  std::string caller_;  // of an eval
  std::shared_ptr<SystemInfo const> info_;
  std::optional<NotifyMessage> notification_;
};

}  // namespace bh::policy
