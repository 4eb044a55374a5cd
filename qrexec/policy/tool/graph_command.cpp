#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/posix_io.h"
#include "qrexec/policy/graph.h"
#include "qrexec/policy/tool/inputs.h"

namespace bh::policy::tool {
namespace {

bool among(std::vector<std::string> const& wanted, std::string const& word) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), word) != wanted.end();
}

std::string json_text(std::vector<Arrow> const& all) {
  using Json = nlohmann::json;
  Json out = Json::array();
  for (Arrow const& arrow : all) out.push_back({{"from", arrow.from}, {"to", arrow.to}, {"calls", arrow.calls}, {"asks", arrow.asks}});
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_graph(Where const& where, GraphToolOptions const& options) {
  auto const world = load_world(where);
  if (!world) return world.error();
  auto const scope = survey_scope(calls_of(world->policy), world->info, {});
  if (!scope) return unreadable(scope.error());
  std::vector<Reach> found = reaches(world->policy, world->info, *scope);
  std::erase_if(found, [&](Reach const& reach) {
    bool const service = among(options.services, reach.call.service) || among(options.services, reach.call.for_people());
    return (reach.asks && !options.include_ask) || !among(options.sources, reach.source) || !among(options.targets, reach.target) || !service;
  });
  auto const all = arrows(found);
  GraphOptions const look{!options.skip_labels};
  std::string const text = where.json                ? json_text(all)
                           : options.format == "svg" ? svg_text(all, world->info, look)
                                                     : dot_text(all, world->info, look);
  if (options.output.empty() || options.output == "-") {
    std::cout << text << std::flush;
    return std::cout.good() ? 0 : 2;
  }
  auto const written = write_file_atomically(options.output, text);
  return written ? 0 : unreadable(written.error().message);
}

}  // namespace bh::policy::tool
