// Findings as a person reads them: in groups, what is in order on one line, the rest with what to do. Pure.
#pragma once

#include <string>

#include "hypervisor/host/finding.h"

namespace bh::cli {

struct ReportStyle {
  bool every_detail = false;
  bool colors = false;
};
[[nodiscard]] std::string report_text(host::Findings const& findings, ReportStyle const& style);
// Nothing is broken, and nothing is unknown, which counts as not ok.
[[nodiscard]] bool fit(host::Findings const& findings);

}  // namespace bh::cli
