#include "dom0/core/life/start_gate.h"

#include "base/display_text.h"
#include "base/log.h"
#include "hypervisor/host/host_gate.h"
#include "hypervisor/host/read_host_facts.h"

namespace bh::dom0 {

namespace {

// Qubes' custom: red is what nobody trusts.
bool expected_hostile(Qube const& qube) { return qube.label.text() == "red"; }

bool overridden(Qube const& qube) {
  auto const feature = qube.features.find(*FeatureName::parse(kStartOnLeakyHost));
  return feature != qube.features.end() && feature->second.text() == "1";
}

}  // namespace

Result<void> StartGate::ask(Qube const& qube, machine::Accel accel) {
  auto const answer = host::host_gate(host::read_cpu_facts(host_files_), {accel, expected_hostile(qube), overridden(qube)});
  warn(answer.why);
  std::string const& name = qube.name.text();
  switch (answer.verdict) {
    case host::GateAnswer::Verdict::open: return {};
    case host::GateAnswer::Verdict::warn:
      log::warning(name + " starts although " + answer.why + "; bulkhead doctor says what to do");
      return {};
    case host::GateAnswer::Verdict::refuse: break;
  }
  return Failure{Error{name + " is red and does not start, because " + answer.why + "; bulkhead doctor says what to do. To start it all the same: bulkhead features " + name + " " +
                           kStartOnLeakyHost + " 1", 0}};
}

// Clients show it; told only when it changes.
void StartGate::warn(std::string const& why) {
  FeatureName const name = *FeatureName::parse("bulkhead.host-warning");
  Qube dom0 = registry_.inventory().dom0();
  auto const value = FeatureValue::parse(for_display(why, 500));
  auto const known = dom0.features.find(name);
  bool const same = known == dom0.features.end() ? why.empty() : known->second.text() == value->text();
  if (same) return;
  if (why.empty()) dom0.features.erase(name);
  else dom0.features.insert_or_assign(name, *value);
  if (auto const put = registry_.put(std::move(dom0)); !put) log::error(put.error().message);
  registry_.tell({"dom0", "domain-feature-" + std::string(why.empty() ? "delete" : "set") + ":" + name.text(), {{"feature", name.text()}}});
}

}  // namespace bh::dom0
