#include "qrexec/policy/daemon/policy_call.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"
#include "qrexec/policy/admin_system_info.h"
#include "qrexec/policy/answer.h"
#include "qrexec/policy/daemon/decision_record.h"

namespace bh::policy {
namespace {

using namespace std::chrono_literals;

constexpr auto kQuestionTime = 10s;
constexpr auto kAdminTime = 10s;
constexpr auto kWriterTime = 3s;    // for whoever writes a policy file to finish
constexpr auto kPersonTime = 240s;  // less than qrexec-daemon waits for us
constexpr auto kAnswerTime = 10s;

char const* eval_service(QuestionKind kind) { return kind == QuestionKind::eval_gui ? "policy.EvalGUI" : "policy.EvalSimple"; }

Result<Exchange> ask_qubes(PolicyPlace const& place) {
  return Exchange::begin(place.admin_socket, std::string(kSystemInfoRequest), {kMaxSystemInfo, Clock::now() + kAdminTime});
}

}  // namespace

PolicyCall::PolicyCall(UniqueFd peer, QuestionKind kind, PolicyPlace& place)
    : peer_(std::move(peer)), kind_(kind), place_(place), deadline_(Clock::now() + kQuestionTime), state_(Reading{}) {}

std::vector<PolicyCall::Watch> PolicyCall::watches() const {
  if (std::holds_alternative<Reading>(state_)) return {{&peer_, POLLIN}};
  if (std::holds_alternative<Answering>(state_)) return {{&peer_, POLLOUT}};
  // A peer ends its question by closing its side for writing, so only a full hang-up means that nobody waits any more.
  std::vector<Watch> all{{&peer_, 0}};
  if (auto const* learning = std::get_if<LearningQubes>(&state_)) all.push_back({&learning->exchange.fd(), learning->exchange.wanted()});
  if (auto const* asking = std::get_if<Asking>(&state_)) all.push_back({&asking->exchange.fd(), asking->exchange.wanted()});
  if (auto const* looking = std::get_if<LookingAgain>(&state_)) all.push_back({&looking->exchange.fd(), looking->exchange.wanted()});
  return all;
}

bool PolicyCall::go_on(bool peer_left) {
  // Closes the prompt as well: nobody is asked about a call that is no more.
  if (peer_left && !std::holds_alternative<Reading>(state_)) give_up("whoever asked has left");
  while (step()) {
  }
  return !std::holds_alternative<Over>(state_);
}

bool PolicyCall::step() {
  if (auto* reading = std::get_if<Reading>(&state_)) return read_question(*reading);
  if (auto* learning = std::get_if<LearningQubes>(&state_)) return learn(*learning);
  if (std::holds_alternative<WaitingForPolicy>(state_)) {
    decide_now();
    return !std::holds_alternative<WaitingForPolicy>(state_);
  }
  if (auto* asking = std::get_if<Asking>(&state_)) return hear(*asking);
  if (auto* looking = std::get_if<LookingAgain>(&state_)) return look_again(*looking);
  if (auto* answering = std::get_if<Answering>(&state_)) return answer(*answering);
  return false;
}

void PolicyCall::give_up(std::string const& why) {
  log::warning("no answer given: " + why);
  state_ = Over{};
}

bool PolicyCall::read_question(Reading& reading) {
  bool ended = false;
  std::array<std::byte, 16384> chunk;
  for (;;) {
    auto const count = read_some(peer_, chunk);
    if (!count && count.error().errno_value == EAGAIN) break;
    if (!count || *count == 0) {
      ended = true;
      break;
    }
    reading.text += as_text(std::span(chunk).first(*count));
    if (reading.text.size() > kMaxQuestion) return give_up("the question is too long"), false;
  }
  if (kind_ == QuestionKind::decision) {
    if (!is_whole_question(reading.text)) {
      if (ended && reading.text.empty()) state_ = Over{};  // somebody looked whether we are there
      else if (ended || Clock::now() >= deadline_) give_up("the question does not end");
      return false;
    }
    auto question = parse_question(reading.text);
    if (!question) return give_up("a question that cannot be used: " + question.error()), false;
    take_question(*std::move(question));
    return true;
  }
  if (!ended) {
    if (Clock::now() >= deadline_) give_up("the question does not end");
    return false;
  }
  auto question = parse_eval_question(reading.text, eval_service(kind_));
  if (!question) return give_up("a question that cannot be used: " + question.error()), false;
  caller_ = std::move(question->caller);
  take_question(std::move(question->question));
  return true;
}

void PolicyCall::take_question(Question question) {
  question_ = std::move(question);
  std::string_view const service(question_->service_and_argument);
  std::size_t const plus = service.find('+');
  auto request = Request::parse({question_->source, question_->intended_target, service.substr(0, plus),
                                 plus == std::string_view::npos ? "+" : service.substr(plus),
                                 question_->requested_source ? std::optional<std::string_view>(*question_->requested_source) : std::nullopt});
  if (!request) return finish(refusal(DenyReason::request, request.error()), "request");
  request_ = *std::move(request);
  learn_qubes();
}

void PolicyCall::learn_qubes() {
  auto exchange = ask_qubes(place_);
  if (!exchange) {
    log::error("cannot ask the admin daemon at " + place_.admin_socket.string() + ": " + exchange.error().message);
    return finish(refusal(DenyReason::internal, "the admin daemon cannot be asked"), "error");
  }
  deadline_ = exchange->deadline();
  state_ = LearningQubes{*std::move(exchange)};
}

Result<std::shared_ptr<SystemInfo const>, std::string> PolicyCall::parsed(std::string reply) {
  if (place_.last_info && reply == place_.last_reply) return place_.last_info;
  auto info = parse_system_info_reply(reply);
  if (!info) return Failure{std::move(info).error()};
  place_.last_info = std::make_shared<SystemInfo const>(*std::move(info));
  place_.last_reply = std::move(reply);
  return place_.last_info;
}

bool PolicyCall::learn(LearningQubes& learning) {
  auto reply = learning.exchange.go_on();
  if (reply && !*reply) return false;
  auto info = reply ? parsed(std::move(**reply)) : Result<std::shared_ptr<SystemInfo const>, std::string>(Failure{reply.error().message});
  if (!info) {
    log::error("the admin daemon at " + place_.admin_socket.string() + ": " + info.error());
    finish(refusal(DenyReason::internal, "the admin daemon did not answer"), "error");
    return true;
  }
  info_ = *std::move(info);
  deadline_ = Clock::now() + kWriterTime;
  decide_now();
  return true;
}

bool PolicyCall::may_speak_for_gui() const {
  std::string const tag = "guivm-" + caller_;
  for (std::string const& name : {question_->source, question_->intended_target}) {
    Qube const* const qube = info_->find(name);
    if (qube == nullptr || !qube->tags.contains(tag)) return false;
  }
  return true;
}

void PolicyCall::decide_now() {
  auto const policy = place_.policy.current();
  if (!policy) {
    if (Clock::now() < deadline_) {
      state_ = WaitingForPolicy{};
      return;
    }
    return finish(refusal(DenyReason::io, "a policy file is being written and does not come to its end"), "policy");
  }
  if (!*policy) return finish(refusal_for(policy->error()), "policy");
  if (kind_ == QuestionKind::eval_gui && !may_speak_for_gui()) {
    return finish(refusal(DenyReason::request, "the caller is not the GUI domain of both qubes"), "request");
  }
  take_decision(decide(**policy, *info_, *request_));
}

void PolicyCall::take_decision(Decision decision) {
  for (std::string const& warning : decision.warnings) log::warning(for_display(warning));
  if (!std::holds_alternative<Ask>(decision.outcome)) return finish(decision, "rule");
  if (question_->assume_yes) return finish(assume_yes(*info_, std::move(decision)), "assumed");
  if (question_->just_evaluate) {
    decision.outcome = Deny{DenyReason::user, false, "the rule says ask, and nobody is to be asked"};
    return finish(decision, "evaluation");
  }
  ask(std::move(decision));
}

void PolicyCall::ask(Decision decision) {
  Qube const* const source = info_->by_name(decision.effective_source);
  auto const nobody = [&](std::string const& why) {
    log::warning("the rule at " + for_display(decision.rule->for_people()) + " says ask, but nobody can be asked: " + why);
    decision.outcome = Deny{DenyReason::user, true, "nobody could be asked"};
    finish(decision, "prompt");
  };
  if (source == nullptr || !source->guivm) return nobody("the source has no GUI domain");
  if (*source->guivm != "dom0") return nobody("its GUI domain is " + for_display(*source->guivm) + ", and only dom0 can ask");
  auto exchange = Exchange::begin(place_.prompt_socket, encode(PromptMessage(ask_message(decision, *info_))),
                                  {kMaxPromptAnswer, Clock::now() + kPersonTime});
  if (!exchange) return nobody(exchange.error().message + " (start qrexec-policy-agent)");
  log::info(decision_record(decision, "asking"));
  deadline_ = exchange->deadline();
  state_ = Asking{*std::move(exchange), std::move(decision)};
}

bool PolicyCall::hear(Asking& asking) {
  auto reply = asking.exchange.go_on();
  if (reply && !*reply) return false;
  Decision asked = std::move(asking.asked);
  auto const said = reply ? parse_prompt_answer(**reply) : Result<std::optional<std::string>, std::string>(Failure{reply.error().message});
  if (!said) {
    log::warning("the prompt failed: " + said.error());
    asked.outcome = Deny{DenyReason::bad_answer, true, "the prompt failed"};
    finish(asked, "prompt");
    return true;
  }
  if (!*said) {
    finish(answer_no(std::move(asked)), "answered");
    return true;
  }
  auto exchange = ask_qubes(place_);
  if (!exchange) {
    asked.outcome = Deny{DenyReason::internal, true, "the admin daemon cannot be asked"};
    finish(asked, "error");
    return true;
  }
  deadline_ = exchange->deadline();
  state_ = LookingAgain{*std::move(exchange), std::move(asked), **said};
  return true;
}

// GUARD (R21): the yes is for the very question that was shown. Policy and qubes are looked at again: what was taken back while the
// question was open is not allowed by its answer, and nothing is that was not offered.
bool PolicyCall::look_again(LookingAgain& looking) {
  auto reply = looking.exchange.go_on();
  if (reply && !*reply) return false;
  Decision asked = std::move(looking.asked);
  std::string const target = std::move(looking.target);
  auto const changed = [&](std::string why) {
    asked.outcome = Deny{DenyReason::bad_answer, true, std::move(why)};
    finish(asked, "answered");
    return true;
  };
  auto info = reply ? parsed(std::move(**reply)) : Result<std::shared_ptr<SystemInfo const>, std::string>(Failure{reply.error().message});
  if (!info) return changed("the admin daemon did not answer");
  info_ = *std::move(info);
  auto const policy = place_.policy.current();
  if (!policy || !*policy) return changed("the policy changed while the question was open and does not load");
  Decision again = decide(**policy, *info_, *request_);
  auto const* before = std::get_if<Ask>(&asked.outcome);
  auto const* now = std::get_if<Ask>(&again.outcome);
  if (before == nullptr || now == nullptr || now->user != before->user || now->autostart != before->autostart) {
    return changed("the policy changed while the question was open");
  }
  if (std::find(before->choices.begin(), before->choices.end(), target) == before->choices.end()) {
    return changed("the answer is none of the targets that were offered");
  }
  finish(answer_yes(*info_, std::move(again), target), "answered");
  return true;
}

void PolicyCall::finish(Decision const& decision, std::string_view how) {
  bool const allowed = std::holds_alternative<Allow>(decision.outcome);
  log::write(allowed ? log::Level::info : log::Level::warning, decision_record(decision, how));
  if (!question_->just_evaluate) notification_ = notify_message(decision);
  // R24: what leaves is the typed answer and nothing of the policy.
  std::string text = kind_ == QuestionKind::decision ? answer_text(decision)
                     : allowed                       ? std::string("result=allow\n")
                                                     : std::string("result=deny\n");
  // The peer's form of an allow has no line end after its last line.
  if (kind_ == QuestionKind::decision && text.ends_with('\n')) text.pop_back();
  deadline_ = Clock::now() + kAnswerTime;
  state_ = Answering{std::move(text), 0};
}

bool PolicyCall::answer(Answering& answering) {
  while (answering.sent < answering.text.size()) {
    auto const count = write_some(peer_, as_bytes(answering.text).subspan(answering.sent));
    if (!count && count.error().errno_value == EAGAIN) {
      if (Clock::now() >= deadline_) give_up("whoever asked does not take the answer");
      return false;
    }
    if (!count) return give_up("whoever asked has left"), false;
    answering.sent += *count;
  }
  state_ = Over{};
  return false;
}

}  // namespace bh::policy
