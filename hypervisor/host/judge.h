// HostFacts -> Findings: what each fact means for qubes, and what to do about it. Pure.
#pragma once

#include "hypervisor/host/finding.h"
#include "hypervisor/host/host_facts.h"

namespace bh::host {

[[nodiscard]] Findings judge(HostFacts const& facts);

// Its parts, by source file.
[[nodiscard]] Findings judge_processor(HostFacts const& facts);
[[nodiscard]] Findings judge_memory(HostFacts const& facts);
[[nodiscard]] Findings judge_system(HostFacts const& facts);

}  // namespace bh::host
