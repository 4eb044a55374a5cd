// Policy files as bytes: parts divided by NUL become 30-a.policy, the include file "f" and a legacy file "t.S".
// Whatever loads must also decide, and a decision must be true to itself.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "qrexec/policy/answer.h"
#include "qrexec/policy/decide.h"
#include "qrexec/policy/lint.h"
#include "qrexec/policy/loader.h"

namespace {

using namespace bh;
using namespace bh::policy;

class ThreeFiles final : public PolicyFiles {
 public:
  explicit ThreeFiles(std::string_view text) {
    for (char const* path : {"/p/30-a.policy", "/p/f", "/legacy/t.S"}) {
      std::size_t const end = text.find('\0');
      files_[path] = std::string(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
  }
  [[nodiscard]] Result<std::vector<Entry>> list(std::string const& folder) const override {
    std::vector<Entry> entries;
    if (folder == "/p" || folder == "/p/.") entries = {{"30-a.policy", Kind::file}, {"f", Kind::file}};
    if (folder == "/legacy") entries = {{"t.S", Kind::file}};
    return entries;
  }
  [[nodiscard]] Result<Kind> kind(std::string const& path) const override {
    if (files_.contains(path)) return Kind::file;
    return path == "/p" || path == "/p/." ? Kind::folder : Kind::missing;
  }
  [[nodiscard]] Result<std::string> read(std::string const& path, std::size_t cap) const override {
    auto const found = files_.find(path);
    if (found == files_.end() || found->second.size() > cap) return Failure{Error{"cannot read", 0}};
    return found->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

SystemInfo system_of_three() {
  Qube dom0, work, template_qube;
  dom0.name = "dom0";
  dom0.type = "AdminVM";
  work.name = "work";
  work.type = "AppVM";
  work.tags = {"w"};
  work.default_dispvm = "dvm";
  template_qube.name = "dvm";
  template_qube.template_for_dispvms = true;
  template_qube.uuid = "00000000-0000-0000-0000-000000000004";
  return SystemInfo({dom0, work, template_qube});
}

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ThreeFiles const files(std::string_view(reinterpret_cast<char const*>(data), size));
  auto const policy = load_policy(files, {{"/p"}, "/legacy"});
  if (!policy) {
    require(!policy.error().empty());
    for (Problem const& problem : policy.error()) require(problem.for_people().find('\n') == std::string::npos);
    return 0;
  }
  static SystemInfo const info = system_of_three();
  (void)unknown_names(policy->rules(), info);
  for (char const* target : {"", "dom0", "dvm", "@dispvm", "@dispvm:dvm", "nosuch"}) {
    auto const request = Request::parse("work", target, "t.S+x");
    require(request.ok());
    Decision decision = decide(*policy, info, *request);
    if (std::holds_alternative<Ask>(decision.outcome)) {
      require(!std::get<Ask>(decision.outcome).choices.empty());
      decision = assume_yes(info, std::move(decision));
    }
    auto const* allow = std::get_if<Allow>(&decision.outcome);
    // GUARD: a rule whose parameter would put a line of its own into the answer.
    for (auto const& [key, value] : answer_pairs(decision)) require(value.find('\n') == std::string::npos);
    if (allow != nullptr)
      require(allow->target == "dom0" || allow->target == "dvm" || allow->target.starts_with("@dispvm:") ||
              allow->target.starts_with("uuid:"));
    if (allow != nullptr) require(decision.rule.has_value());
  }
  return 0;
}
