#include "hypervisor/host/host_gate.h"

#include <algorithm>

namespace bh::host {

namespace {

void add(std::string& list, std::string_view name) { list.append(list.empty() ? "" : " ").append(name); }

void take(CpuJudgement& judgement, std::string_view name, Protection protection) {
  switch (protection) {
    case Protection::ok: return;
    case Protection::needs_no_smt: add(judgement.needs_no_smt, name); break;
    case Protection::unknown: add(judgement.unknown, name); break;
    case Protection::vulnerable: add(judgement.vulnerable, name); break;
  }
  judgement.worst = std::max(judgement.worst, protection);
}

std::string in_words(CpuJudgement const& judgement) {
  std::string text;
  auto const part = [&](std::string const& names, char const* what) {
    if (!names.empty()) text += (text.empty() ? "" : "; ") + std::string(what) + ": " + names;
  };
  part(judgement.vulnerable, "vulnerable");
  part(judgement.unknown, "not known to be safe");
  part(judgement.needs_no_smt, "safe only without SMT");
  return text;
}

}  // namespace

CpuJudgement judge_cpu(HostFacts const& facts) {
  CpuJudgement judgement;
  bool const smt_off = facts.smt && *facts.smt != Smt::on;
  for (auto const& [name, text] : facts.vulnerabilities) {
    if (name == "old_microcode") continue;  // judged with the microcode; inside a virtual machine it can only say "unknown"
    Protection protection = parse_vulnerability(text);
    if (protection == Protection::needs_no_smt && smt_off) protection = Protection::ok;
    take(judgement, name, protection);
  }
  for (auto const name : expected_vulnerabilities()) {
    if (!facts.vulnerabilities.contains(std::string(name))) take(judgement, name, Protection::unknown);
  }
  return judgement;
}

GateAnswer host_gate(HostFacts const& facts, GateQuestion const& question) {
  CpuJudgement const judgement = judge_cpu(facts);
  if (judgement.worst == Protection::ok) return {};
  std::string why = "this processor may let one qube read another's memory (" + in_words(judgement) + ")";
  bool const refuse = question.accel == machine::Accel::kvm && question.expected_hostile && !question.overridden;
  return {refuse ? GateAnswer::Verdict::refuse : GateAnswer::Verdict::warn, std::move(why)};
}

}  // namespace bh::host
