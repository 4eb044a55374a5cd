// One figure of the benchmark: a value, the peer or limit measured in the same run, and whether the goal is met (DESIGN 9).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bh::bench {

struct Row {
  std::string id;    // "window.full-frame"
  double value = 0;  // in `unit`
  std::string unit;
  std::string against;       // what it is compared with; empty: nothing
  double against_value = 0;  // in the same unit
  // At most one of the two is the goal: value / against_value, or value - against_value, in `unit`.
  std::optional<double> ratio_at_most;
  std::optional<double> ratio_at_least;
  std::optional<double> added_at_most;
  std::string skipped;  // why it could not be measured; then value means nothing

  [[nodiscard]] std::optional<double> ratio() const;
  [[nodiscard]] std::string goal() const;        // "ratio <= 1.3", "" if there is none
  [[nodiscard]] std::optional<bool> met() const;  // computed; nullopt without a goal or when skipped
};

struct Group {
  std::string name;
  std::string about;
  std::function<std::vector<Row>()> measure;
};

// The middle of several runs; sorts its copy. Precondition: not empty.
double median(std::vector<double> values);

std::string to_json(std::vector<Row> const& rows);
std::string to_table(std::vector<Row> const& rows);

// The groups, each in a file of its own.
Group windows_group();
Group machines_group();
Group jail_group();
Group restore_group();
Group life_group();

}  // namespace bh::bench
