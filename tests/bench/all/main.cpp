// bulkhead-bench: prints the figures as a table, and as JSON where asked. Never fails for being slow.
#include <fstream>
#include <iostream>
#include <string>

#include "tests/bench/all/row.h"
#include "tests/bench/qrexec/calls_group.h"

namespace {

int usage(std::ostream& out, int code) {
  out << "Usage: tests/bench/run [--only PATTERN] [--json FILE] [--list]\n"
         "\n"
         "Prints one row a figure: the value, the peer or limit measured in the same run, the ratio, the goal, and whether it is met.\n"
         "  --only PATTERN  groups whose name contains PATTERN\n"
         "  --json FILE     the rows as JSON, too\n"
         "  --list          the groups, and stop\n"
         "Exit status: 0 measured (whatever the figures), 1 the JSON file could not be written, 2 wrong usage.\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  std::string json;
  bool list = false;
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--help") return usage(std::cout, 0);
    if (word == "--list") {
      list = true;
    } else if ((word == "--only" || word == "--json") && i + 1 < argc) {
      (word == "--only" ? only : json) = argv[++i];
    } else {
      return usage(std::cerr, 2);
    }
  }
  std::vector<bh::bench::Row> rows;
  bool matched = false;
  for (auto const& group : {bh::bench::windows_group(), bh::bench::calls_group(), bh::bench::machines_group(), bh::bench::restore_group(), bh::bench::life_group(), bh::bench::jail_group()}) {
    if (group.name.find(only) == std::string::npos) continue;
    matched = true;
    std::cerr << group.name << ": " << group.about << std::endl;
    if (list) continue;
    for (auto& row : group.measure()) rows.push_back(std::move(row));
  }
  if (!matched) {
    std::cerr << "no group is named like '" << only << "'; see --list\n";
    return 2;
  }
  if (list) return 0;
  std::cout << bh::bench::to_table(rows);
  if (!json.empty()) {
    std::ofstream file(json);
    file << bh::bench::to_json(rows);
    if (!file.flush()) {
      std::cerr << "cannot write " << json << '\n';
      return 1;
    }
  }
  return 0;
}
