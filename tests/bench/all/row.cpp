#include "tests/bench/all/row.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/assert.h"

namespace bh::bench {

namespace {
std::string number(double value) {
  std::ostringstream out;
  out << std::setprecision(value >= 1000 ? 6 : 4) << value;
  return out.str();
}
}  // namespace

double median(std::vector<double> values) {
  BH_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  std::size_t const half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::optional<double> Row::ratio() const {
  if (!skipped.empty() || against.empty() || against_value == 0) return std::nullopt;
  return value / against_value;
}

std::string Row::goal() const {
  if (ratio_at_most) return "ratio <= " + number(*ratio_at_most);
  if (ratio_at_least) return "ratio >= " + number(*ratio_at_least);
  if (added_at_most) return "at most " + number(*added_at_most) + " " + unit + " added";
  return "";
}

std::optional<bool> Row::met() const {
  if (!skipped.empty()) return std::nullopt;
  if (added_at_most) return value - against_value <= *added_at_most;
  auto const r = ratio();
  if (ratio_at_most && r) return *r <= *ratio_at_most;
  if (ratio_at_least && r) return *r >= *ratio_at_least;
  return std::nullopt;
}

std::string to_json(std::vector<Row> const& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (auto const& row : rows) {
    nlohmann::ordered_json entry{{"id", row.id}};
    if (!row.skipped.empty()) {
      entry["skipped"] = row.skipped;
    } else {
      entry["value"] = row.value;
      entry["unit"] = row.unit;
      entry["against"] = row.against.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(row.against);
      entry["against_value"] = row.against.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(row.against_value);
      auto const r = row.ratio();
      entry["ratio"] = r ? nlohmann::ordered_json(*r) : nlohmann::ordered_json();
    }
    entry["goal"] = row.goal();
    auto const met = row.met();
    entry["met"] = met ? nlohmann::ordered_json(*met) : nlohmann::ordered_json();
    list.push_back(std::move(entry));
  }
  return list.dump(2) + "\n";
}

std::string to_table(std::vector<Row> const& rows) {
  std::ostringstream out;
  out << std::left << std::setw(30) << "figure" << std::setw(16) << "value" << std::setw(54) << "against" << std::setw(9) << "ratio"
      << std::setw(26) << "goal" << "met\n";
  for (auto const& row : rows) {
    out << std::setw(30) << row.id;
    if (!row.skipped.empty()) {
      // A program's own words may have several lines; the row has one.
      std::string why = row.skipped;
      std::replace(why.begin(), why.end(), '\n', ' ');
      out << "skipped: " << why << '\n';
      continue;
    }
    auto const r = row.ratio();
    auto const met = row.met();
    out << std::setw(16) << number(row.value) + " " + row.unit
        << std::setw(54) << (row.against.empty() ? "" : number(row.against_value) + " " + row.unit + "  " + row.against)
        << std::setw(9) << (r ? number(*r) : "") << std::setw(26) << row.goal() << (met ? (*met ? "yes" : "NO") : "") << '\n';
  }
  return out.str();
}

}  // namespace bh::bench
