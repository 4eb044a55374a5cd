// Where the policy daemon and the prompt meet the others.
#pragma once

#include "base/paths.h"

namespace bh::policy {

inline std::filesystem::path policy_socket(Paths const& paths) { return paths.run() / "policy.sock"; }
inline std::filesystem::path prompt_socket(Paths const& paths) { return paths.run() / "policy-agent.sock"; }

}  // namespace bh::policy
