// Calls between two agents on one host, and the policy's own figures.
#pragma once

#include "tests/bench/all/row.h"

namespace bh::bench {

Group calls_group();
// Decisions and loading of 10,000 rules.
std::vector<Row> policy_rows();

}  // namespace bh::bench
