// What reaches the policy daemon and the prompt from outside: questions, prompt messages, prompt answers, expectations. Whatever is read
// must be fit to be shown and written down again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "qrexec/policy/daemon/question.h"
#include "qrexec/policy/expectation.h"
#include "qrexec/policy/prompt/prompt_text.h"

namespace {

using namespace bh::policy;

void require(bool truth) {
  if (!truth) std::abort();
}

bool shown(std::string_view text) {
  for (char const c : text) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E)) return false;
  }
  return true;
}

void try_prompt(std::string_view text) {
  auto const message = parse_prompt_message(text);
  if (!message) return;
  require(parse_prompt_message(encode(*message)).ok());
  if (auto const* notice = std::get_if<NotifyMessage>(&*message)) return require(shown(notice_text(*notice)));
  auto const& ask = std::get<AskMessage>(*message);
  require(shown(prompt_text(ask)));
  if (auto const target = chosen_target(ask, text.substr(0, 40))) {
    require(std::find(ask.targets.begin(), ask.targets.end(), *target) != ask.targets.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      if (auto const question = parse_question(text)) require(is_whole_question(text) && shown(question->source));
      break;
    case 1:
      if (auto const question = parse_eval_question(text, "policy.EvalSimple")) {
        require(!question->question.source.empty() && question->question.source.size() <= 31);
      }
      break;
    case 2:
      try_prompt(text);
      break;
    case 3:
      if (auto const answer = parse_prompt_answer(text); answer && *answer) require(shown(**answer) && (*answer)->find('\n') == std::string::npos);
      break;
    case 4: {
      auto const parsed = parse_expectations("x", text);
      require(parsed.all.size() <= kMaxExpectations);
      break;
    }
  }
  return 0;
}
