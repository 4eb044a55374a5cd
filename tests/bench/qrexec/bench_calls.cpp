// bulkhead-bench-calls: the group "calls" alone, without what the other groups need. BH_BIN names the folder of the programs.
#include <iostream>

#include "tests/bench/all/row.h"
#include "tests/bench/qrexec/calls_group.h"

int main(int argc, char**) {
  if (argc != 1) {
    std::cerr << "Usage: BH_BIN=FOLDER bulkhead-bench-calls\n";
    return 2;
  }
  std::cout << bh::bench::to_table(bh::bench::calls_group().measure());
  return 0;
}
