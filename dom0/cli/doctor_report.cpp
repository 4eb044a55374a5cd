#include "dom0/cli/doctor_report.h"

#include <algorithm>
#include <array>

#include "base/display_text.h"

namespace bh::cli {

using host::Finding;
using host::Findings;
using host::Group;
using host::Level;

namespace {

constexpr std::size_t kLevelWidth = 9;
constexpr std::size_t kIdWidth = 21;

char const* color_of(Level level) {
  switch (level) {
    case Level::ok: return "\x1b[32m";
    case Level::weaker: return "\x1b[33m";
    case Level::broken: return "\x1b[31m";
    case Level::unknown: return "\x1b[35m";
  }
  return "";
}

std::string padded(std::string text, std::size_t width) {
  text.append(text.size() < width ? width - text.size() : 1, ' ');
  return text;
}

std::string level_cell(Level level, ReportStyle const& style) {
  std::string const cell = padded(to_string(level), kLevelWidth);
  return style.colors ? color_of(level) + cell + "\x1b[0m" : cell;
}

std::string line_of(Finding const& finding, ReportStyle const& style) {
  std::string text = "  " + level_cell(finding.level, style) + padded(finding.id, kIdWidth) + for_display(finding.what) + "\n";
  if (!finding.to_do.empty() && finding.level != Level::ok) text += std::string(2 + kLevelWidth + kIdWidth, ' ') + "-> " + for_display(finding.to_do) + "\n";
  return text;
}

std::string group_text(Group group, Findings const& findings, ReportStyle const& style) {
  std::string in_order;
  std::string text;
  for (auto const& finding : findings) {
    if (finding.group != group) continue;
    if (finding.level == Level::ok && !style.every_detail) in_order += (in_order.empty() ? "" : ", ") + finding.id;
    else text += line_of(finding, style);
  }
  if (!in_order.empty()) text = "  " + level_cell(Level::ok, style) + in_order + "\n" + text;
  return text.empty() ? text : std::string(to_string(group)) + "\n" + text;
}

}  // namespace

bool fit(Findings const& findings) {
  return std::none_of(findings.begin(), findings.end(), [](Finding const& finding) { return finding.level == Level::broken || finding.level == Level::unknown; });
}

std::string report_text(Findings const& findings, ReportStyle const& style) {
  std::string text;
  for (Group const group : {Group::isolation, Group::machines, Group::storage, Group::display, Group::bulkhead}) text += group_text(group, findings, style);
  std::string counts;
  for (Level const level : {Level::broken, Level::unknown, Level::weaker, Level::ok}) {
    auto const count = std::count_if(findings.begin(), findings.end(), [level](Finding const& finding) { return finding.level == level; });
    if (count > 0) counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " " + to_string(level);
  }
  return text + counts + "\n";
}

}  // namespace bh::cli
