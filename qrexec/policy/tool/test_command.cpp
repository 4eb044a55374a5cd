#include <iostream>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "base/posix_io.h"
#include "qrexec/policy/expectation.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

constexpr std::size_t kMaxExpectationFile = std::size_t{16} << 20;

}  // namespace

int run_test(Where const& where, TestOptions const& options) {
  using Json = nlohmann::json;
  Expectations wanted;
  for (std::string const& file : options.files) {
    auto const text = read_file(file, kMaxExpectationFile);
    if (!text) return unreadable(text.error().message);
    Expectations parsed = parse_expectations(file, *text);
    wanted.all.insert(wanted.all.end(), parsed.all.begin(), parsed.all.end());
    wanted.problems.insert(wanted.problems.end(), parsed.problems.begin(), parsed.problems.end());
  }
  print_problems(std::cerr, wanted.problems, "error");
  if (!wanted.problems.empty()) return 2;
  // A file that says nothing would pass for ever.
  if (wanted.all.empty()) return unreadable("there is no expectation in these files");
  auto const world = load_world(where);
  if (!world) return world.error();
  std::size_t failed = 0;
  Json out = Json::array();
  for (Expectation const& expectation : wanted.all) {
    std::string const instead = unmet(expectation, decide(world->policy, world->info, expectation.request));
    if (!instead.empty()) ++failed;
    if (where.json) {
      out.push_back({{"file", expectation.at.file}, {"line", expectation.at.line}, {"met", instead.empty()}, {"instead", instead}});
    } else if (!instead.empty()) {
      std::cout << for_display(expectation.at.for_people()) << ": not as expected: " << for_display(instead, 8192) << "\n";
    }
  }
  if (where.json) {
    std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << wanted.all.size() << " expectations, " << failed << " not met\n";
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace bh::policy::tool
