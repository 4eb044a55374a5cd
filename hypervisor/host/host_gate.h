// May a qube start on this host? Asked at every start (SECURITY: a host whose processor leaks must not run what is expected to attack).
#pragma once

#include <string>

#include "hypervisor/host/cpu_vulnerability.h"
#include "hypervisor/host/host_facts.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::host {

// The processor's part of HostFacts, all flaws and SMT taken together.
struct CpuJudgement {
  Protection worst = Protection::ok;
  // Space-separated flaws of each kind; with SMT off `needs_no_smt` is empty.
  std::string vulnerable;
  std::string unknown;
  std::string needs_no_smt;
};
[[nodiscard]] CpuJudgement judge_cpu(HostFacts const& facts);

struct GateQuestion {
  machine::Accel accel = machine::Accel::tcg;
  bool expected_hostile = false;  // the label says that what runs in the qube is not trusted
  bool overridden = false;        // the user said: start it all the same
};

struct GateAnswer {
  enum class Verdict { open, warn, refuse } verdict = Verdict::open;
  std::string why;  // empty if open
};
// Pure. Under TCG it never refuses: no isolation is promised there, and the user is told so elsewhere.
[[nodiscard]] GateAnswer host_gate(HostFacts const& facts, GateQuestion const& question);

}  // namespace bh::host
